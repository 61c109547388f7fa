# Whether bundle.js can be used here: the bundle carries it, and this host has a Node that runs it.
has_program() {
  has_node && [ -n "$(listed_sum bundle.js)" ]
}

has_node() {
  command -v node > /dev/null 2>&1 || return 1
  node -e 'const [a, b, c] = process.versions.node.split(".").map(Number);
    process.exit(a > 20 || (a === 20 && (b > 18 || (b === 18 && c > 0))) ? 0 : 1)' 2> /dev/null
}

# program act|run VERB FLAG…: bundle.js by its signed hash, on this bundle, with what it may be trusted by.
program() {
  doing=$1 verb=$2
  shift 2
  if [ ! -e "$private/package.json" ]; then
    take bundle.js
    printf '{ "type": "commonjs" }\n' > "$private/package.json"
  fi
  if [ "$allow_expired" = yes ]; then set -- "$@" --allow-expired; fi
  if [ "$allow_unsigned" = yes ]; then set -- "$@" --allow-unsigned; fi
  while IFS= read -r word <&3; do set -- --revoked "$word" "$@"; done 3< "$private/revoked"
  number=$keys
  while [ "$number" -ge 1 ]; do
    set -- --key "$private/key.$number" "$@"
    number=$((number - 1))
  done
  "$doing" node "$private/bundle.js" "$verb" "$bundle" "$@"
}
