# The revisions of the release, the oldest first: a line each, `revision age status chart`, the age in seconds and
# the digest of the chart where one of ours says so. Sets `release_status` and so on to those of the last one; to none without.
read_release() {
  : > "$private/revisions"
  if ask_helm history history "$release" --namespace "$namespace" --max 256 --output json; then
    read_revisions
  else
    case $words in
      *'not found'*) ;;
      *) fail 11 'helm cannot tell what is installed' "$words" 'see above; then run it again' ;;
    esac
  fi
  tail -n 1 "$private/revisions" > "$private/revision"
  revision='' age='' release_status='' installed_chart=''
  read -r revision age release_status installed_chart < "$private/revision" || :
  release_status=${release_status:-none}
  good=$(awk '$3 == "deployed" { good = $1 } $3 == "superseded" { old = $1 } END { print good ? good : old }' \
    "$private/revisions")
}

# Quotes within a text are escaped: no text can pass for the beginning of a revision.
read_revisions() {
  tr '{' '\n' < "$private/history" | awk -v now="$(date -u +%Y-%m-%dT%H:%M:%SZ)" '
    function field(name, start, rest) {
      start = index($0, "\"" name "\":\"")
      if (!start) return ""
      rest = substr($0, start + length(name) + 4)
      return substr(rest, 1, index(rest, "\"") - 1)
    }
    # Seconds since 1970 of a time with an offset; the days are counted from the 1st of March.
    function seconds(time, year, month, days, offset) {
      year = substr(time, 1, 4) + 0; month = substr(time, 6, 2) + 0
      if (month < 3) { year--; month += 12 }
      days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400)
      days += int((153 * (month - 3) + 2) / 5) + substr(time, 9, 2) - 1 - 719468
      if (match(time, /[+-][0-9][0-9]:[0-9][0-9]$/)) {
        offset = substr(time, RSTART + 1, 2) * 3600 + substr(time, RSTART + 4, 2) * 60
        if (substr(time, RSTART, 1) == "-") offset = -offset
      }
      return days * 86400 + substr(time, 12, 2) * 3600 + substr(time, 15, 2) * 60 + substr(time, 18, 2) - offset
    }
    /^"revision":[0-9]/ {
      match($0, /[0-9]+/)
      number = substr($0, RSTART, RLENGTH)
      about = field("description"); chart = "-"
      if (match(about, / chart sha256:[0-9a-f]+$/)) chart = substr(about, RSTART + 7)
      printf "%d %.0f %s %s\n", number, seconds(now) - seconds(field("updated")), field("status"), chart
    }
  ' > "$private/revisions"
}

# One that another helm may be at work on is left to it for five minutes, unless somebody says otherwise.
look_at_pending() {
  pending=no
  case $release_status in
    pending-* | uninstalling) ;;
    *) return ;;
  esac
  pending=yes
  say "  the release $release is $release_status since $age s, in revision $revision: a helm was stopped, or is at work"
  if [ "$yes" = yes ] || ! is_less "$age" 300 || ask "Take it over? ($(recovery))"; then return; fi
  fail 11 "another helm may be at work on the release $release" "$release_status since $age s" \
    "wait for it; after 5 minutes, or with --yes, it is taken over: $(recovery)"
}

recovery() {
  if [ "$uninstall" = yes ]; then
    printf 'helm uninstall %s' "$release"
  elif rolls_back; then
    printf 'helm rollback %s %s, then the upgrade' "$release" "$good"
  else
    printf 'helm uninstall %s, then a new install' "$release"
  fi
}

rolls_back() {
  [ "$release_status" != uninstalling ] && [ -n "$good" ]
}

recover_release() {
  if [ "$pending" = no ]; then return; fi
  say "Taking over the release $release: $(recovery)"
  if rolls_back; then
    ask_helm recovered rollback "$release" "$good" --namespace "$namespace" ||
      fail 11 "helm could not roll $release back to revision $good" "$words" 'see above; then run it again'
  else
    ask_helm recovered uninstall "$release" --namespace "$namespace" ||
      fail 11 "helm could not take the half-made release $release away" "$words" 'see above; then run it again'
  fi
}
