# oras_at PREFIXES VERB …: oras, with the flags that reach the target registry.
oras_at() {
  prefixes=$1 verb=$2
  shift 2
  for prefix in $prefixes; do
    if [ "$prefix" = plain ]; then prefix=''; fi
    if [ "$plain_http" = true ]; then
      set -- "--${prefix}plain-http" "$@"
    else
      if [ "$insecure" = true ]; then set -- "--${prefix}insecure" "$@"; fi
      if [ -s "$private/ca.line" ]; then set -- "--${prefix}ca-file" "$private/ca.pem" "$@"; fi
    fi
    if [ -n "$registry_config" ]; then set -- "--${prefix}registry-config" "$registry_config" "$@"; fi
  done
  case $verb in
    'blob '*) act "$oras" blob "${verb#blob }" "$@" ;;
    *) act "$oras" "$verb" "$@" ;;
  esac
}

# try_oras read|push COMMAND…: again after a pause while the failure may pass. Sets `class` to its exit code,
# 0 for "not found" on a read.
try_oras() {
  access=$1
  shift
  for pause in 1 5 0; do
    if "$@" > "$private/oras.out" 2> "$private/oras.err"; then return 0; fi
    classify
    if [ "$class" -ne 9 ] || [ "$pause" -eq 0 ]; then return 1; fi
    sleep "$pause"
  done
}

# The first rule that fits decides. What is none of these, but a registry's own answer, is a refusal.
classify() {
  oras_words
  if [ "$access" = read ] && said ': not found$'; then
    class=0
  elif said 'x509: |tls: .*certificate|HTTP response to HTTPS client'; then
    class=2
  elif said 'no space left on device|read-only file system'; then
    class=10
  elif said 'does not look like a tar archive|archive/tar: |digest invalid|mismatched? digest|digest mismatch|does not match digest'; then
    class=5
  elif [ -n "$base" ] && said 'from source oci-layout.*: not found$'; then
    class=8
  elif said 'status code 401|credential not found|unauthorized: |authentication required'; then
    class=7
  elif said 'status code (408|425|429|500|502|503|504)|toomanyrequests: |: too many requests'; then
    class=9
  elif said 'connection (refused|reset)|broken pipe|no such host|server misbehaving|network is unreachable'; then
    class=9
  elif said 'no route to host|timeout|deadline exceeded|EOF|GOAWAY|stream error|closed network connection'; then
    class=9
  elif [ "$access" = read ] && said 'status code 403|denied: |forbidden'; then
    class=7
  elif said 'destination registry|response from registry|source registry'; then
    class=8
  else
    class=9
  fi
}

# Sets `words` to what oras said, in a line. The query of an upload's address is a secret.
oras_words() {
  words=$(sed -n -e '/^Error/!d' -e 's/\(:\/\/[^ "?]*\)?[^ "]*/\1?.../g' -e p -e q "$private/oras.err" | cut -c 1-1000)
}

said() {
  printf '%s\n' "$words" | grep -E -i -q -e "$1"
}

stop_for_oras() {
  next='run it again: what is in the registry already is not sent twice'
  case $class in
    5) blob_fault "$words" ;;
    2) next='give the bundle the right caCert or plainHttp: registries."HOST" in bundle.yaml' ;;
    8) next='let this user push there, or make the project or repository in the registry' ;;
    10) next='make room in TMPDIR' ;;
    7) next='log in with oras or docker, or give --push-username and --push-password-file' ;;
  esac
  fail "$class" "$1 cannot be reached or written" "$words" "$next"
}
