choose_steps() {
  steps=' load secret chart check '
  if [ "$environment" != airgap ]; then steps=' load secret check '; fi
  if [ -n "$only" ]; then keep_steps "$only"; fi
  case $environment,$only, in
    airgap,*) ;;
    *,chart,*) say '  the bundle is non-airgap: it has no chart' ;;
  esac
  if [ -n "$skip" ]; then drop_steps "$skip"; fi
}

check_step_names() {
  for step in $(printf '%s' "$2" | tr ',' ' '); do
    case $step in
      load | secret | chart | check) ;;
      *)
        fail 2 'there is no such step' "$1 $step" 'name one of these; verifying is always done' \
          'load, secret, chart or check'
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

uses_cluster() {
  wanted secret || wanted chart || wanted check
}

check_tools() {
  if [ "$uninstall" = yes ]; then
    require_tool kubectl
    if [ "$environment" = airgap ]; then require_tool helm; fi
    return
  fi
  if wanted load; then choose_oras; fi
  if uses_cluster; then require_tool kubectl; fi
  if wanted chart; then require_tool helm; fi
}
