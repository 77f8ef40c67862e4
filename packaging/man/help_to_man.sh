#!/bin/sh
# Writes a manual page of section 1 from what a program itself says: its --help and those of all its commands.
# Usage: help_to_man.sh NAME VERSION PROGRAM... > NAME.1      (PROGRAM may be an emulator with its arguments)
set -eu
name=$1 version=$2
shift 2

# Options and commands become tagged paragraphs, examples stay as they are, the rest is text.
to_roff() {
  awk '
    function end_example() { if (example) print ".fi"; example = 0 }
    { gsub(/\\/, "\\e"); gsub(/-/, "\\-"); gsub(/\047/, "\\(aq") }
    /^Usage: /        { print ".PP\n.B " substr($0, 8); next }
    /^[A-Z][a-z]*:$/  { print ".PP\n" $0; next }
    /^  [^ ]/         { tag = substr($0, 3); text = ""
                        if (match(tag, /   *[^ ]/)) { text = substr(tag, RSTART + RLENGTH - 1); tag = substr(tag, 1, RSTART - 1) }
                        print ".TP\n.B " tag
                        if (text != "") print text
                        next }
    /^ +/ && !example { sub(/^ +/, ""); print; next }
    /^$/              { end_example(); print ".PP"; next }
    /^Example: /      { print ".nf"; example = 1 }
    /^[^ E]/          { if (example) { end_example(); print ".PP" } }
                      { print (/^[.]/ ? "\\&" : "") $0 }
    END               { end_example() }'
}

# Every command with its subcommands, depth first.
commands() { # PROGRAM...
  "$@" --help | awk '/^[A-Z][a-z]*:$/ { on = $1 == "Subcommands:"; next } on && /^  [a-z]/ { print $1 }' |
    while read -r command; do
      printf '.SS "%s"\n' "$command" | sed 's/-/\\-/g'
      "$@" "$command" --help | to_roff
      under "$command" "$@"
    done
}
under() { # COMMAND PROGRAM...: the commands below one, named in full
  above=$1
  shift
  commands "$@" "$above" | sed "s/^\.SS \"/.SS \"$above /"
}

help=$("$@" --help)
printf '.\\" Made from the output of %s --help.\n' "$name"
printf '.TH %s 1 "" "%s %s" "The fohd mixing console"\n' "$(echo "$name" | tr '[:lower:]' '[:upper:]')" "$name" "$version"
printf '.SH NAME\n%s \\- %s\n' "$name" "$(printf '%s\n' "$help" | sed -n '1{s/^fohd, //;s/\.$//;s/-/\\-/g;p}')"
printf '.SH SYNOPSIS\n.B %s\n' "$(printf '%s\n' "$help" | sed -n 's/^Usage: //p')"
printf '.SH DESCRIPTION\n'
printf '%s\n' "$help" | grep -v '^Usage: ' | to_roff
printf '.SH COMMANDS\n'
commands "$@"
printf '.SH SEE ALSO\n.BR fohd (1),\n.BR fohctl (1),\n.BR fohd.toml (5),\n.BR jackd (1).\nThe documents in /usr/share/doc/fohd.\n'
