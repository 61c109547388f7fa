# All that --write-nodes does: the files below nodes/, with what nodes pull with, for copying to them. They are put
# together in the private folder first, so that what fails leaves no half of them.
write_nodes() {
  list_nodes > "$private/nodes.list"
  if [ ! -s "$private/nodes.list" ]; then
    fail 2 'the bundle has no files for nodes' "no entry of the map is one that containerd's mirrors know" \
      'have the bundle made with such a map' 'an entry registry::target'
  fi
  make_node_login
  while IFS= read -r path <&3; do write_node_file "$path"; done 3< "$private/nodes.list"
  if [ "$dry_run" = yes ]; then
    while IFS= read -r path <&3; do say "  would write $nodes/${path#nodes/}"; done 3< "$private/nodes.list"
    say 'Nothing was changed (--dry-run).'
    return
  fi
  mkdir -- "$nodes" 2> "$private/nodes.err" || nodes_fault
  if ! cp -R "$private/written/." "$nodes/" 2> "$private/nodes.err"; then
    rm -rf -- "$nodes"
    nodes_fault
  fi
  say "Written to $nodes, which this user alone can read. Its README.txt says where on a node they go."
}

nodes_fault() {
  fail 10 'the folder for the nodes cannot be written' "$(cat "$private/nodes.err")" \
    'give --write-nodes a new folder in one that this user may write to'
}

list_nodes() {
  if [ -z "$site" ]; then
    awk '{ path = substr($0, 67) } index(path, "nodes/") == 1 { print path }' "$private/SHA256SUMS"
    return
  fi
  (
    set +f
    cd "$private/site"
    for path in nodes/* nodes/certs.d/* nodes/certs.d/*/*; do
      if [ -f "$path" ]; then printf '%s\n' "$path"; fi
    done
  )
}

make_node_login() {
  if [ -z "$username" ]; then
    say '  no pull credential given: nodes will pull anonymously (give --username and --password-file)'
    return
  fi
  refuse_plain_http "nodes would send the pull password to $endpoint"
  make_pull_login
}

write_node_file() {
  from=$private/site/$1
  if [ -z "$site" ]; then
    take "$1"
    from=$private/$1
  fi
  written=$private/written/${1#nodes/}
  mkdir -p "${written%/*}"
  cat "$from" > "$written"
  if [ -z "$username" ]; then return; fi
  case $1 in
    nodes/config.toml | nodes/config-path-v2.toml) print_node_auth >> "$written" ;;
    */hosts.toml) print_node_headers "$from" >> "$written" ;;
  esac
}

# Tables of TOML may stand in any order. Base64 needs no escapes, whatever the password is.
print_node_auth() {
  printf '\n[plugins."io.containerd.grpc.v1.cri".registry.configs."%s".auth]\nauth = "' "$endpoint"
  cat "$private/pull-login.b64"
  printf '"\n'
}

# print_node_headers FILE: for the server and for the host that it names, which are the same. A map may lead to other
# hosts than the endpoint too: the password is none of theirs.
print_node_headers() {
  url=$(sed -n 's/^server = "\(.*\)"$/\1/p' "$1")
  case $url in
    "https://$endpoint/"* | "http://$endpoint/"*) ;;
    *) return ;;
  esac
  for table in header "host.\"$url\".header"; do
    printf '\n[%s]\nAuthorization = "Basic ' "$table"
    cat "$private/pull-login.b64"
    printf '"\n'
  done
}
