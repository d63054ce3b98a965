# shellcheck shell=bash
# Part of tools/engines: TOOLS=download, the projects' own release files instead of a build.
#
# What it decides: where each file lies, and that nothing is used whose checksum is not the one the
# project publishes beside it. That proves the transfer; whoever names a TOOLS_MIRROR trusts it.
#
# TOOLS_MIRROR=<base url> stands in for every host below; it holds <base url>/<path on that host>:
#   node     nodejs.org   /dist/v24.21.0/node-v24.21.0-linux-x64.tar.gz
#                         /dist/v24.21.0/SHASUMS256.txt
#   kube*    dl.k8s.io    /release/v1.36.3/bin/linux/amd64/kube-apiserver
#                         /release/v1.36.3/bin/linux/amd64/kube-apiserver.sha256
#   etcd     github.com   /etcd-io/etcd/releases/download/v3.6.16/etcd-v3.6.16-linux-amd64.tar.gz (macOS: .zip)
#                         /etcd-io/etcd/releases/download/v3.6.16/SHA256SUMS
#   pulumi   github.com   /pulumi/pulumi/releases/download/v3.259.0/pulumi-v3.259.0-linux-x64.tar.gz
#                         /pulumi/pulumi/releases/download/v3.259.0/pulumi-3.259.0-checksums.txt

# released NAME: there is a release for this platform; where there is none it is built
released() {
  case $os-$1 in darwin-kube-*) return 1 ;; esac
}

# release NAME: sets $host $path $file $sums, and $members, the programs within an archive
release() {
  local x=${arch/amd64/x64}
  members=
  case $1 in
    node)
      host=https://nodejs.org path=dist/$version file=node-$version-$os-$x.tar.gz sums=SHASUMS256.txt
      members=node-$version-$os-$x/bin/node
      ;;
    kube*)
      host=https://dl.k8s.io path=release/$version/bin/$os/$arch file=$1 sums=$1.sha256
      ;;
    etcd)
      host=https://github.com path=etcd-io/etcd/releases/download/$version sums=SHA256SUMS
      file=etcd-$version-$os-$arch.tar.gz
      [ "$os" = linux ] || file=etcd-$version-$os-$arch.zip
      members=etcd-$version-$os-$arch/etcd
      ;;
    pulumi)
      host=https://github.com path=pulumi/pulumi/releases/download/$version sums=pulumi-${version#v}-checksums.txt
      file=pulumi-$version-$os-$x.tar.gz
      members='pulumi/pulumi pulumi/pulumi-language-nodejs pulumi/pulumi-resource-pulumi-nodejs'
      ;;
    *) echo "no release is known of $1"; return 1 ;;
  esac
}

download_engine() {
  local host path file sums members member
  release "$1" || return
  local base=${TOOLS_MIRROR:-$host}
  base=${base%/}/$path
  get "$base/$sums" "$tmp/area/.sums" && get "$base/$file" "$tmp/area/$file" || return
  verify "$file" "$tmp/area/.sums" "$base/$sums" || return
  if [ -z "$members" ]; then
    mv "$tmp/area/$file" "$tmp/out/$1"
    return
  fi
  case $file in
    *.zip) unzip -q "$tmp/area/$file" -d "$tmp/area" ;;
    *) tar -xzf "$tmp/area/$file" -C "$tmp/area" ;;
  esac || return
  for member in $members; do
    mv "$tmp/area/$member" "$tmp/out/" || return
  done
}

get() {
  command -v curl >/dev/null || { echo 'curl is needed to download, and is not there'; return 1; }
  echo "GET $1"
  curl --fail --location --silent --show-error --connect-timeout 20 --retry 2 --output "$2" "$1"
}

# verify FILE SUMS NAME-OF-SUMS: SUMS holds lines "<sha256>  <name>", or one sha256 alone
verify() {
  local want is
  want=$(awk -v f="$1" 'NF == 1 || $2 == f || $2 == "*" f || $2 == "./" f { print $1; exit }' "$2")
  [ -n "$want" ] || { echo "$3 has no line for $1"; return 1; }
  if command -v sha256sum >/dev/null; then
    is=$(sha256sum "$tmp/area/$1")
  else
    is=$(shasum -a 256 "$tmp/area/$1")
  fi
  [ "${is%% *}" = "$want" ] || { echo "checksum of $1 is ${is%% *}, $3 says $want"; return 1; }
}
