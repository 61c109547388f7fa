# With --site the tables that name the target are those of this site, derived by the program from the bundle that it
# verifies. Nothing of them is signed; which images there are, and the chart, is.
derive_site() {
  if [ "$uninstall" = yes ]; then site=''; fi
  if [ -z "$site" ]; then return; fi
  if ! has_program; then
    absent='no such Node on PATH'
    if [ -z "$(listed_sum bundle.js)" ]; then absent='no bundle.js in the bundle'; fi
    fail 3 '--site needs Node on this host and bundle.js in the bundle' "$absent" \
      'install Node, or use a bundle that was made for this target' 'Node 20.18.1 or newer, and bundle.js'
  fi
  signed_target=$(target_of_settings)
  say "Deriving what the bundle is at this site, from $site"
  program run derive --site "$site" --out "$private/site" --output json > "$private/derived" || exit "$?"
  # It has read the bundle anew, by its path.
  derived=$(sed -n 's/^  "inventoryDigest": "\(.*\)",$/\1/p' "$private/derived")
  if [ "$derived" != "$inventory_digest" ]; then
    fail 5 'the bundle was changed while it was read' "inventory ${derived:-of no digest}" 'run it again' \
      "inventory $inventory_digest"
  fi
  take_for_target settings.tsv
}

# take_for_target PATH: as `take`, but with --site what was derived.
take_for_target() {
  if [ -z "$site" ]; then take "$1"; else cat "$private/site/$1" > "$private/$1"; fi
}

# HOST/BASE PATH, from the bundle's own repository below it.
target_of_settings() {
  bundles=$(setting bundleRepository)
  bundles=$(setting endpoint)/$bundles
  printf '%s' "${bundles%/bundles/"$(setting name)"}"
}

is_at_other_registry() {
  [ -n "$site" ] && [ "${signed_target%%/*}" != "$endpoint" ]
}

show_site() {
  if [ -z "$site" ]; then return; fi
  say "         $(target_of_settings) by $site, NOT SIGNED: the bundle was made for $signed_target"
}
