# What Bash completes for clarify and clarify-gateway. It asks the program itself, so it knows the options
# of whatever version is there.

_clarify() {
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local help subcommands='' subcommand='' i argument
    COMPREPLY=()
    help=$("$program" --help 2>/dev/null) || return 0
    subcommands=$(sed -n '/^subcommands:/I,/^$/s/^  \([a-z][a-z]*\).*/\1/p' <<<"$help")

    for ((i = 1; i < COMP_CWORD; ++i)); do
        if [[ ${COMP_WORDS[i]} == [a-z]* && $'\n'$subcommands$'\n' == *$'\n'"${COMP_WORDS[i]}"$'\n'* ]]; then
            subcommand=${COMP_WORDS[i]}
            help=$("$program" "$subcommand" --help 2>/dev/null) || return 0
            break
        fi
    done

    # Behind an option that takes something, files, unless it takes one of a few words.
    if [[ $previous == -* && $word != -* ]]; then
        argument=$(sed -n "s/^  \(.*[, ]\)\{0,1\}$previous \(\([^ ]\| [^ ]\)*\)  .*/\2/p
            s/^  \(.*[, ]\)\{0,1\}$previous \(\([^ ]\| [^ ]\)*\)$/\2/p" <<<"$help" | head -n 1)
        case $argument in
            *:\{*\}*)
                argument=${argument#*:\{}
                argument=${argument%%\}*}
                mapfile -t COMPREPLY < <(compgen -W "${argument//,/ }" -- "$word")
                return 0
                ;;
            ?*)
                compopt -o default 2>/dev/null
                return 0
                ;;
        esac
    fi

    if [[ $word == -* ]]; then
        argument=$(sed -n '/^  -/{s/^  //;s/,  *--/,--/;s/  .*//;s/,/ /g;p;}' <<<"$help" | grep -o -e '^-[^ ={]*' -e ' -[^ ={]*')
        mapfile -t COMPREPLY < <(compgen -W "$argument" -- "$word")
    elif [[ -n $subcommands && -z $subcommand ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$subcommands" -- "$word")
    else
        compopt -o default 2>/dev/null
    fi
} &&
    complete -F _clarify clarify clarify-gateway
