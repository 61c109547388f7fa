# What a run that goes on would look at when it comes to it, where nothing else is done: every file and every blob.
verify_whole() {
  if has_program; then
    program run verify || exit "$?"
    return
  fi
  say '  reading every file and blob (without Node, all but the headers and the padding between them)'
  while IFS=' ' read -r at size what <&4; do
    case $what in
      '' | SHA256SUMS) continue ;;
      sha256:* | sha512:*) algorithm=${what%%:*} wanted_sum=${what#*:} ;;
      *) algorithm=sha256 wanted_sum=$(listed_sum "$what") ;;
    esac
    sum=$(stream "$at $size" | openssl dgst "-$algorithm" -r)
    if [ "${sum%% *}" != "$wanted_sum" ]; then
      fail 5 "$what was changed after signing" "$algorithm ${sum%% *}" \
        "copy the bundle again, and compare it with ${bundle##*/}.sha256" "$algorithm $wanted_sum"
    fi
  done 4< "$private/members"
}
