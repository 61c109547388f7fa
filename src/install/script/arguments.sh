read_arguments() {
  bundle='' keys=0 username='' password_file='' identity='' push_username='' push_password_file=''
  only='' skip='' namespace='' kubeconfig='' context='' site='' nodes=''
  dry_run=no yes=no wait=no create_namespace=no uninstall=no
  allow_unsigned=no allow_expired=no allow_downgrade=no allow_plain=no
  while [ $# -gt 0 ]; do
    case $1 in
      --*=*)
        flag=${1%%=*} value=${1#*=}
        shift
        set -- "$flag" "$value" "$@"
        continue
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      --dry-run) dry_run=yes ;;
      --yes) yes=yes ;;
      --wait) wait=yes ;;
      --create-namespace) create_namespace=yes ;;
      --uninstall) uninstall=yes ;;
      --allow-unsigned) allow_unsigned=yes ;;
      --allow-expired) allow_expired=yes ;;
      --allow-downgrade) allow_downgrade=yes ;;
      --allow-plain-http-credentials) allow_plain=yes ;;
      --key | --username | --password-file | --push-username | --push-password-file | --only | --skip | \
        --namespace | --kubeconfig | --context | --revoked | --site | --identity | --write-nodes)
        if [ $# -lt 2 ] || [ -z "$2" ]; then fail 2 "$1 needs a value" '' 'sh install.sh --help'; fi
        read_flag "$1" "$2"
        shift
        ;;
      -?*) fail 2 'there is no such flag' "$1" 'sh install.sh --help' ;;
      *)
        if [ -n "$bundle" ]; then fail 2 'more than one bundle is given' "$bundle and $1" 'sh install.sh --help'; fi
        bundle=$1
        ;;
    esac
    shift
  done
  check_arguments
}

read_flag() {
  case $1 in
    --key) keep_key "$2" ;;
    --revoked) printf '%s\n' "$2" | tr ',' '\n' >> "$private/revoked.words" ;;
    --username) username=$2 ;;
    --password-file) password_file=$2 ;;
    --identity) identity=$2 ;;
    --push-username) push_username=$2 ;;
    --push-password-file) push_password_file=$2 ;;
    --only) only=$2 ;;
    --skip) skip=$2 ;;
    --namespace) namespace=$2 ;;
    --kubeconfig) kubeconfig=$2 ;;
    --context) context=$2 ;;
    --site) site=$2 ;;
    --write-nodes) nodes=$2 ;;
  esac
}

check_arguments() {
  if [ -z "$bundle" ]; then fail 2 'no bundle is given' '' 'sh install.sh NAME-VERSION.tar --key KEY.pub'; fi
  if [ "$keys" -eq 0 ] && [ "$allow_unsigned" = no ]; then
    fail 2 'no key is given that may have signed the bundle' '' 'add --key KEY.pub'
  fi
  if [ "$keys" -eq 0 ] && [ -e "$private/revoked.words" ]; then
    fail 2 '--revoked is given, but no --key' '' 'add --key KEY.pub: without it nobody can tell whose a signature is'
  fi
  case $namespace in
    *[!a-z0-9-]*) fail 2 'that is no namespace' "$namespace" 'mend --namespace' 'letters a to z, digits and -' ;;
  esac
  if [ -n "$kubeconfig" ] && { [ -d "$kubeconfig" ] || [ ! -r "$kubeconfig" ]; }; then
    fail 2 'the kubeconfig cannot be read' "--kubeconfig $kubeconfig" 'give the path of a file that this user may read'
  fi
  check_step_names --only "$only"
  check_step_names --skip "$skip"
  if [ -n "$only" ] && [ -n "$skip" ]; then
    fail 2 '--only and --skip are both given' "--only $only --skip $skip" 'name the steps by one of them'
  fi
  case $bundle in
    /*) ;;
    *) bundle=$PWD/$bundle ;;
  esac
  case $site in
    '' | /*) ;;
    *) site=$PWD/$site ;;
  esac
  if [ "$uninstall" = no ] && [ -n "$site" ] && { [ -d "$site" ] || [ ! -r "$site" ]; }; then
    fail 2 'the site file cannot be read' "$site" 'give the path of a YAML file to --site'
  fi
  if [ -n "$nodes" ]; then check_nodes_folder; fi
  find_bundle
}

check_nodes_folder() {
  if [ -n "$only$skip" ] || [ "$uninstall" = yes ]; then
    fail 2 '--write-nodes takes no other steps' "$nodes" \
      'leave --only, --skip and --uninstall out'
  fi
  case $nodes in
    /*) ;;
    *) nodes=$PWD/$nodes ;;
  esac
  if [ -e "$nodes" ]; then
    fail 2 'the folder for the nodes is there already' "$nodes" 'give --write-nodes a new one, or remove that'
  fi
}
