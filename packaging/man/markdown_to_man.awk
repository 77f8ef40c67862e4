# Makes fohd.toml(5) out of docs/CONFIGURATION.md: the Markdown that our documents use, no more. A row of a table becomes
# a tagged paragraph, its columns are named by the table's head.
# Usage: awk -v version=V -f markdown_to_man.awk docs/CONFIGURATION.md > fohd.toml.5

function inline(text,    out, before, label) {
  gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); gsub(/\047/, "\\(aq", text)
  while (match(text, /\[[^]]*\]\([^)]*\)/)) {  # [label](file): the label
    label = substr(text, RSTART + 1, RLENGTH - 2); sub(/\]\(.*/, "", label)
    text = substr(text, 1, RSTART - 1) label substr(text, RSTART + RLENGTH)
  }
  out = ""
  while (match(text, /`[^`]*`/)) {
    out = out substr(text, 1, RSTART - 1) "\\fB" substr(text, RSTART + 1, RLENGTH - 2) "\\fR"
    text = substr(text, RSTART + RLENGTH)
  }
  out = out text
  return (out ~ /^[.]/ ? "\\&" : "") out
}
function plain(text) { gsub(/`/, "", text); return inline(text) }
function trim(text) { gsub(/^ +| +$/, "", text); return text }

NR == 1 {
  printf ".\\\" Made from docs/CONFIGURATION.md.\n.TH FOHD.TOML 5 \"\" \"fohd %s\" \"The fohd mixing console\"\n", version
  print ".SH NAME\nfohd.toml \\- configuration of the fohd mixing console\n.SH DESCRIPTION"
  next
}
/^```/      { code = !code; print code ? ".PP\n.nf\n.RS" : ".RE\n.fi"; next }
code        { print plain($0); next }
/^## /      { print ".SH " toupper(plain(substr($0, 4))); next }
/^\|[-| ]*$/ { next }
/^\|/ {
  gsub(/\\\|/, "\001")
  n = split($0, cell, "|")
  for (i = 2; i < n; ++i) { gsub(/\001/, "|", cell[i]); cell[i] = trim(cell[i]) }
  if (!table) { for (i = 2; i < n; ++i) head[i] = cell[i]; table = 1; next }
  print ".TP\n" inline(cell[2])
  for (i = 3; i < n; ++i) if (cell[i] != "") print (head[i] != "" ? head[i] ": " : "") inline(cell[i]) (head[i] != "" ? ".\n.br" : "")
  next
}
            { table = 0 }
/^[-*] /    { print ".IP \\(bu 2\n" inline(substr($0, 3)); next }
/^$/        { print ".PP"; next }
            { print inline($0) }
END         { print ".SH SEE ALSO\n.BR fohd (1),\n.BR fohctl (1).\nThe documents in /usr/share/doc/fohd." }
