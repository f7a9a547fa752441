# What zsh offers behind a line: zsh -f complete.zsh FOLDER LINE, with the folder that has _osx-iso. Prints <WORD> for each.
# A second zsh has a terminal of its own, because only there it completes; its `compadd` says what is offered.
zmodload zsh/zpty || exit 1
zpty z zsh -f -i
line() { zpty -w z "$1"; }
line "PROMPT="
line "fpath=($1 \$fpath)"
line "autoload -Uz compinit; compinit -u -D"
line 'bindkey "^I" complete-word'
line 'comppostfuncs=(leave); leave() { exit }'
line 'zstyle ":completion:*" insert-tab false'
line 'compadd() { if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi; typeset -a hits; builtin compadd -A hits "$@"; (( $#hits )) || return 1; builtin compadd "$@"; print -rl -- "" "<"${^hits}">" }'
zpty -n -w z "$2"$'\t'
while zpty -r z text; do print -rn -- "$text"; done
