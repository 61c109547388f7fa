choose_steps() {
  steps=' load secret chart check '
  if [ "$environment" != airgap ]; then steps=' load secret check '; fi
  if [ -n "$nodes" ]; then steps=' '; fi
  if [ -n "$only" ]; then keep_steps "$only"; fi
  case $environment,$only, in
    airgap,*) ;;
    *,chart,*) say '  the bundle is non-airgap: it has no chart' ;;
  esac
  if [ -n "$skip" ]; then drop_steps "$skip"; fi
}

# check_step_names FLAG STEPS
check_step_names() {
  if [ -z "$2" ]; then return; fi
  rest=$2,
  while [ -n "$rest" ]; do
    step=${rest%%,*} rest=${rest#*,}
    case $step in
      load | secret | chart | check) ;;
      verify)
        if [ "$1" = --only ]; then continue; fi
        fail 2 'verifying is always done' "$1 $step" 'leave verify out' 'load, secret, chart or check'
        ;;
      *)
        fail 2 'there is no such step' "$1 ${step:-$2}" 'name one of these' 'verify, load, secret, chart or check'
        ;;
    esac
  done
}

keep_steps() {
  kept=' '
  for step in $steps; do
    case ,$1, in
      *,"$step",*) kept="$kept$step " ;;
    esac
  done
  steps=$kept
}

drop_steps() {
  kept=' '
  for step in $steps; do
    case ,$1, in
      *,"$step",*) ;;
      *) kept="$kept$step " ;;
    esac
  done
  steps=$kept
}

wanted() {
  case $steps in
    *" $1 "*) return 0 ;;
  esac
  return 1
}

# Who skips loading has nothing to do with the registry; who wants the check alone wants to know.
asks_registry() {
  wanted load || { wanted check && [ -n "$only" ]; }
}

uses_cluster() {
  wanted secret || wanted chart || wanted check
}

writes_cluster() {
  wanted secret || wanted chart
}

check_tools() {
  if [ "$uninstall" = yes ]; then
    require_kubectl
    if [ "$environment" = airgap ]; then require_helm; fi
    return
  fi
  if asks_registry; then choose_oras; fi
  if uses_cluster; then require_kubectl; fi
  if wanted chart; then require_helm; fi
}

# Older ones answer in another form, or have a server-side apply that is not settled.
require_kubectl() {
  require_tool kubectl
  if ! command -v kubectl > /dev/null 2>&1; then return; fi
  run kubectl version --client > "$private/kubectl.version" 2> /dev/null || :
  # From 1.28 on the version alone; before, the fields of Go's version.Info.
  found=$(sed -n -e 's/^Client Version: v\([0-9][0-9.]*\).*/\1/p' \
    -e 's/^Client Version: .*GitVersion:"v\([0-9][0-9.]*\).*/\1/p' "$private/kubectl.version")
  require_version kubectl 1.22 https://kubernetes.io/docs/tasks/tools
}

# Older ones cannot try a chart on the server.
require_helm() {
  require_tool helm
  if ! command -v helm > /dev/null 2>&1; then return; fi
  run helm version --short > "$private/helm.version" 2> /dev/null || :
  found=$(sed -n 's/^v\{0,1\}\([0-9][0-9.]*\).*/\1/p' "$private/helm.version")
  helm_version=${found%%.*}
  require_version helm 3.13 https://github.com/helm/helm/releases
}

# require_version TOOL VERSION WHERE: holds `found` to that.
require_version() {
  if is_version "$2"; then return; fi
  fail 3 "$1 is too old" "$1 ${found:-of an unknown version}" "install it from $3" "$2 or newer"
}
