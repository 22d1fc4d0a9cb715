#include "tools/completion/scripts.h"

namespace jackfield::completion {
namespace {

// bash cuts words at '=' and ':', too (COMP_WORDBREAKS): "--over=unix:@kv" is five of them. They
// are put together again by what stands between them in the line; and since bash replaces only what
// is behind the last such mark, what is before it is taken off the answers.
constexpr std::string_view kBash = R"bash(# For bash: eval "$(jackfield completion bash)"
_jackfield() {
    local rest=${COMP_LINE:0:COMP_POINT} word i gap line files= breaks= typed=
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${rest#"${rest%%[![:space:]]*}"}
        [ "$word" = "$rest" ] && gap= || gap=1
        rest=$word
        [ "$i" = "$COMP_CWORD" ] || word=${COMP_WORDS[i]}
        rest=${rest#"$word"}
        if [ "$i" = 0 ] || [ -n "$gap" ]; then words+=("$word"); else words[-1]+=$word; fi
    done
    case $COMP_WORDBREAKS in *=*) breaks+='=' ;; esac
    case $COMP_WORDBREAKS in *:*) breaks+=':' ;; esac
    typed=${words[-1]}
    [ -z "$breaks" ] || typed=${typed##*["$breaks"]}
    local before=${words[-1]%"$typed"}
    COMPREPLY=()
    while IFS= read -r line; do
        line=${line%%$'\t'*}
        if [ "$line" = :files ]; then files=1
        elif [ -n "$line" ]; then COMPREPLY+=("${line#"$before"}"); fi
    done < <("${1/#\~\//$HOME/}" __complete "${words[@]:1}" 2>/dev/null)
    # Words and files may both do: bash then must not take the words for files, and quote them.
    [ -z "$files" ] || [ ${#COMPREPLY[@]} != 0 ] || compopt -o filenames 2>/dev/null
    [ -z "$files" ] || [ ${#COMPREPLY[@]} = 0 ] || files=quote
    [ -z "$files" ] || while IFS= read -r line; do
        if [ "$files" = quote ]; then printf -v line %q "$line"; fi
        COMPREPLY+=("$line")
    done < <(compgen -f -- "$typed")
    case ${#COMPREPLY[@]},${COMPREPLY[0]-} in 1,*[=:]) compopt -o nospace 2>/dev/null ;; esac
    return 0
}
complete -F _jackfield jackfield
)bash";

constexpr std::string_view kZsh =
    R"zsh(# For zsh, behind compinit: eval "$(jackfield completion zsh)"
_jackfield() {
    local line files=
    local -a found
    for line in "${(@f)$(${~words[1]} __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
        line=${line%%$'\t'*}
        if [[ $line == :files ]]; then files=1
        elif [[ -n $line ]]; then found+=("$line"); fi
    done
    (( $#found )) && compadd -- "${found[@]}"
    [[ -n $files ]] && _files
    return 0
}
compdef _jackfield jackfield
)zsh";

constexpr std::string_view kFish = R"fish(# For fish: jackfield completion fish | source
function __jackfield_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    test -n "$typed"; or set typed ''
    set -l program $words[1]
    set -e words[1]
    for line in ($program __complete $words $typed 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path $typed
        else
            printf '%s\n' $line
        end
    end
end
complete -c jackfield -f -a '(__jackfield_complete)'
)fish";

constexpr Script kScripts[] = {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};

}  // namespace

std::span<const Script> Scripts() { return kScripts; }

}  // namespace jackfield::completion
