# zsh.zsh SCRIPT LINE FILE: what zsh offers at the end of the line goes into FILE, a line each. An interactive zsh is
# started on a terminal of its own, the line typed there, and Tab pressed.
emulate -R zsh
zmodload zsh/zpty
zpty inner zsh -f -i

# Whatever is offered goes through compadd in the end; with -O, -A or -D it is asked, but not offered.
setup="
PROMPT=
unsetopt zle_bracketed_paste beep
autoload -Uz compinit && compinit -u -D
compadd() {
  local -a asked matches
  asked=(\${(M)@:#-[OAD]})
  if (( ! \$#asked )); then
    builtin compadd -O matches \"\$@\"
    (( \$#matches )) && print -rl -- \$matches >> ${(qq)3}.partial
  fi
  builtin compadd \"\$@\"
}
source ${(qq)1}
done-now() { : >> ${(qq)3}.partial; mv ${(qq)3}.partial ${(qq)3}; }
zle -N done-now
bindkey '^X' done-now
"
print -r -- "$setup" > "$3.setup"
zpty -w inner "source ${(qq)3}.setup; : > ${(qq)3}.ready"
until [[ -e $3.ready ]]; do zpty -rt inner shown || sleep 0.05; done
zpty -wn inner "$2"$'\t\x18'
until [[ -e $3 ]]; do zpty -rt inner shown || sleep 0.05; done
zpty -d inner
