# shellcheck shell=bash
# Part of tools/engines: a Chromium that the tests of the token service's page can drive.
#
# What it decides: which browser is taken. It is never built, and never kept in our cache: the
# machine's own is used, else the system's package manager is asked for one where that is allowed.
# .tools/bin/chromium is a script that starts it, since a browser finds its parts beside itself.

browser_names='chromium chromium-browser google-chrome-stable google-chrome chrome'
browser_apps='/Applications/Google Chrome.app/Contents/MacOS/Google Chrome:/Applications/Chromium.app/Contents/MacOS/Chromium'

# found_browser: prints the machine's own, if there is one
found_browser() {
  local name file apps app
  if [ -n "${CHROME_PATH:-}" ]; then
    [ -x "$CHROME_PATH" ] || die "CHROME_PATH=$CHROME_PATH is no program; name a Chromium or Chrome, or unset it"
    printf '%s\n' "$CHROME_PATH"
    return
  fi
  for name in $browser_names; do
    while read -r file; do printf '%s\n' "$file"; return; done < <(on_path "$name")
  done
  IFS=: read -ra apps <<<"$browser_apps"
  for app in "${apps[@]}"; do
    [ ! -x "$app" ] || { printf '%s\n' "$app"; return; }
  done
}

# ask_apt: installs Debian's or Ubuntu's; false where that is not possible
ask_apt() {
  local log
  log=$(mktemp)
  say "chromium is needed${asker:+ for $asker} and not there yet: installing it with apt-get (about a minute)."
  if { apt-get -o DPkg::Lock::Timeout=300 update && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium; } </dev/null >"$log" 2>&1; then
    rm -f "$log"
    return
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  return 1
}

# browser: makes .tools/bin/chromium, or ends the script with what a person can do
browser() {
  local file starts
  [ ! -x "$bin/chromium" ] || "$bin/chromium" --version >/dev/null 2>&1 || rm -f "$bin/chromium"
  [ ! -x "$bin/chromium" ] || [ -n "${CHROME_PATH:-}" ] || return 0
  file=$(found_browser)
  if [ -z "$file" ] && command -v apt-get >/dev/null; then
    [ "$(id -u)" = 0 ] || die 'chromium is missing and this user may not install it: run  sudo apt-get install chromium  and try again (or set CHROME_PATH to a Chromium or Chrome)'
    ask_apt || die 'apt-get could not install chromium: look at the lines above, install it yourself and try again (or set CHROME_PATH to a Chromium or Chrome)'
    file=$(found_browser)
  fi
  [ -n "$file" ] || die 'chromium is missing: install Chromium or Google Chrome and try again, or set CHROME_PATH to it'
  starts=$(printf '#!/usr/bin/env bash\nexec %q "$@"' "$file")
  mkdir -p "$bin"
  printf '%s\n' "$starts" >"$bin/.chromium.$$"
  chmod +x "$bin/.chromium.$$"
  mv -f "$bin/.chromium.$$" "$bin/chromium"
}
