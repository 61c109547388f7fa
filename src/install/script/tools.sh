# Sets `oras`: the one of this host where it is new enough, else the one that the bundle carries for it. Who names
# one in AIRGAP_BUNDLE_ORAS, as for the program, means that one.
choose_oras() {
  oras=${AIRGAP_BUNDLE_ORAS:-oras}
  here=no
  if command -v "$oras" > /dev/null 2>&1; then here=yes; fi
  if [ "$here" = yes ]; then
    ask_oras_version
    if is_version 1.3.6; then return; fi
  fi
  if [ -z "${AIRGAP_BUNDLE_ORAS-}" ]; then find_carried oras; else carried=; fi
  if [ -n "$carried" ]; then
    take_carried_oras
  elif [ "$here" = yes ]; then
    fail 3 'oras is too old' "oras ${found:-of an unknown version}" \
      'install it from https://github.com/oras-project/oras/releases' '1.3.6 or newer'
  else
    require_tool "$oras"
  fi
}

# Sets `found` to the version, empty where it does not tell one, and `status` to how it ended.
ask_oras_version() {
  status=0
  "$oras" version > "$private/oras.version" 2> /dev/null < /dev/null || status=$?
  found=$(sed -n 's/^Version:[[:space:]]*v\{0,1\}\([0-9.]*\).*/\1/p' "$private/oras.version")
}

# find_carried TOOL: sets `carried` to where the bundle has it for this host; empty where it has none.
find_carried() {
  find_platform
  carried=tools/$platform/$1
  if [ -z "$platform" ] || [ -z "$(listed_sum "$carried")" ]; then carried=; fi
}

# Sets `platform` to `linux-amd64` and so on, in Go's words.
find_platform() {
  platform=
  case $(uname -sm 2> /dev/null) in
    'Linux x86_64') platform=linux-amd64 ;;
    'Linux aarch64' | 'Linux arm64') platform=linux-arm64 ;;
    'Linux armv'*) platform=linux-arm ;;
    'Linux i'?86) platform=linux-386 ;;
    'Linux ppc64le') platform=linux-ppc64le ;;
    'Linux s390x') platform=linux-s390x ;;
    'Linux riscv64') platform=linux-riscv64 ;;
    'Linux loongarch64') platform=linux-loong64 ;;
    'Darwin x86_64') platform=darwin-amd64 ;;
    'Darwin arm64') platform=darwin-arm64 ;;
  esac
}

# Its hash hangs on the signature before it is run.
take_carried_oras() {
  if [ "$here" = yes ]; then say '  oras is too old here: using the one that the bundle carries'; fi
  if [ "$here" = no ]; then say '  oras is not on PATH: using the one that the bundle carries'; fi
  take "$carried"
  oras=$private/$carried
  chmod 700 "$oras"
  ask_oras_version
  if is_version 1.3.6; then
    # For the program, where Node loads.
    AIRGAP_BUNDLE_ORAS=$oras
    export AIRGAP_BUNDLE_ORAS
    return
  fi
  case $status in
    126)
      fail 3 'the oras that the bundle carries cannot be run' "$oras" \
        'set TMPDIR to a folder that is not mounted noexec, or put oras on PATH' 'a folder that programs run from'
      ;;
  esac
  fail 3 'the oras that the bundle carries does not run on this host' "$carried ended with $status" \
    'put oras 1.3.6 or newer on PATH' 'a program that needs no library of this host'
}
