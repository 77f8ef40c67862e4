# Completion for fohd and fohctl. It knows no command and no option: it asks the program that is being typed for its
# --help, and for addresses the desk itself, so it can never be older than they are.

_fohd_help() { # PROGRAM COMMAND...: commands and options of that command, one a line
  "$@" --help 2>/dev/null | awk '
    /^[A-Z][a-z]*:/ { section = $1; next }
    section == "Subcommands:" && /^  [a-z]/ { print $1 }
    section == "Options:" && /^  -/ { n = split($1, names, ","); for (i = 1; i <= n; ++i) print names[i] }'
}

_fohd_addresses() { # PROGRAM OPTION...: addresses up to the next slash; asks for no longer than a person notices
  local parent=${current%/*}
  "$@" --timeout 300 list "${parent:-/}" 2>/dev/null | awk -v typed="$current" '
    index($1, typed) == 1 { rest = substr($1, length(typed) + 1); slash = index(rest, "/")
                            print typed (slash ? substr(rest, 1, slash) : rest) }' | sort -u
}

_fohd() {
  local program=$1 current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local word known commands=() desk=() i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    case $word in
      --host | --port) desk+=("$word" "${COMP_WORDS[i + 1]}") ;;
      -*) ;;
      *)
        # A word counts as a command only if the program says so.
        known=$'\n'$(_fohd_help "$program" "${commands[@]}")$'\n'
        [[ $known == *$'\n'$word$'\n'* ]] && commands+=("$word") ;;
    esac
  done
  COMPREPLY=()
  case $current in
    /*)
      if [[ ${program##*/} == fohctl ]]; then
        mapfile -t COMPREPLY < <(_fohd_addresses "$program" "${desk[@]}")
        # An address that goes on gets no blank behind it.
        [[ ${COMPREPLY[0]:-} != */ ]] || compopt -o nospace 2>/dev/null
      fi ;;
    *)
      # The help tells which options take files and folders.
      if "$program" "${commands[@]}" --help 2>/dev/null |
        grep -qE -- "^  (-[a-z],)?$previous (FILE|DIR|FOLDER|FILE_OR_FOLDER|TEXT)( |$)"; then
        return
      fi
      mapfile -t COMPREPLY < <(compgen -W "$(_fohd_help "$program" "${commands[@]}")" -- "$current") ;;
  esac
}

complete -o default -F _fohd fohd fohctl
