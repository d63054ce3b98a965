# Every target that a person runs, in a line each: `make help`.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .tools/bin
NODE := $(BIN)/node
# What did not change is not checked again; a clean clone checks everything.
TSC := $(NODE) node_modules/typescript/bin/tsc --noEmit --incremental
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test check build generate types lint unit tools cluster cluster-stop bench-drain bench-restart bench-scale bench-idle bench-latency bench-plan bench-pulumi bench-server kill-server chaos mutants small-model sim pictures pack clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: build ## the whole story on real engines, in under two minutes; STAY=1 leaves it running
	@tools/engines --for "make demo" kube-apiserver etcd kubectl
	@$(NODE) test/demo/main.ts $(if $(STAY),--stay)

test: node_modules/.ok ## every ring of the test suite; its last line is "N passed, N failed"
	@$(MAKE) -j2 --output-sync=target generate-check types lint
	@tools/engines --for "make test" kube-apiserver etcd kubectl kube-controller-manager pulumi
	@tools/engines --for "make test" chromium || true # the page's ring says what is missing, and fails alone
	@if python3 -c 'import pip' 2>/dev/null; then tools/engines --for "make test" schemathesis; \
	else echo "tools: no Python with pip here: schemathesis is left out" >&2; fi
	@$(NODE) test/support/suite.ts

check: node_modules/.ok ## types, lint, import map, generated files, unit and engine tests
	@$(MAKE) -j2 --output-sync=target generate-check types lint unit

build: node_modules/.ok ## compile, and leave bin/servicetokens and the Pulumi plugin
	@$(NODE) node_modules/typescript/bin/tsc -p tsconfig.build.json
	@$(NODE) tools/operator-bundle.ts
	@$(NODE) tools/page-bundle.ts
	@$(NODE) tools/empty-cluster.ts
	@mkdir -p bin && for name in servicetokens pulumi-resource-servicetokens; do cp tools/launcher bin/$$name && chmod +x bin/$$name; done
	@NODE_COMPILE_CACHE=.tools/compile-cache $(NODE) --input-type=module -e 'await import("./dist/cli/controller.js")'

generate: node_modules/.ok ## write the CRDs, the picture and the states from core's schema
	@$(NODE) crds/generate.ts
	@$(NODE) provider/plugin/write-schema.ts
	@$(NODE) docs/flow.ts
	@$(NODE) docs/states.ts

generate-check: node_modules/.ok ## check that the generated files are what would be generated
	@$(NODE) crds/generate.ts --check
	@$(NODE) provider/plugin/write-schema.ts --check
	@$(NODE) docs/flow.ts --check
	@$(NODE) docs/states.ts --check

types: node_modules/.ok ## check the types
	@$(TSC) --tsBuildInfoFile .tools/types/all.json
	@$(TSC) --tsBuildInfoFile .tools/types/page.json -p server/page
	@$(TSC) --tsBuildInfoFile .tools/types/page-test.json -p test/page

lint: node_modules/.ok ## style, limits and the import map
	@$(NODE) node_modules/eslint/bin/eslint.js --max-warnings 0 --cache --cache-strategy content --cache-location .tools/lint/ .

unit: node_modules/.ok ## the unit and engine tests alone
	@$(NODE) node_modules/vitest/vitest.mjs run --project unit --maxWorkers=2 --reporter=dot

sim: node_modules/.ok ## simulate N histories of the engine from SEED: make sim N=20000 SEED=1
	@$(NODE) test/simulation/main.ts N=$(or $(N),20000) SEED=$(or $(SEED),1)

mutants: node_modules/.ok ## break the engine in many ways and see which law notices: make mutants N=20000 (half an hour on two quiet cores)
	@$(NODE) test/simulation/mutants.ts N=$(or $(N),20000) SEED=$(or $(SEED),1) --write

small-model: node_modules/.ok ## visit every interleaving of a small world: make small-model CRASHES=1 LOST=1 CHANGES=0
	@$(NODE) test/simulation/small-model.ts CRASHES=$(or $(CRASHES),1) LOST=$(or $(LOST),1) CHANGES=$(or $(CHANGES),0)

bench-drain: build ## N waiting objects until all are delivered and Ready, beside the floor: make bench-drain N=1000 ROUNDS=3
	@tools/engines --for "make bench-drain" kube-apiserver etcd kubectl
	@$(NODE) test/bench/drain.ts $(or $(N),1000) $(or $(ROUNDS),1)

bench-restart: build ## the operator started where N objects are Ready: make bench-restart N=5000
	@tools/engines --for "make bench-restart" kube-apiserver etcd kubectl
	@$(NODE) test/bench/restart.ts $(or $(N),5000)

bench-scale: build ## memory an object, and the longest turn of the event loop: make bench-scale N=10000
	@tools/engines --for "make bench-scale" kube-apiserver etcd kubectl
	@$(NODE) test/bench/scale.ts $(or $(N),10000)

bench-idle: build ## what two replicas do when nothing happens: make bench-idle N=200 SECONDS=60
	@tools/engines --for "make bench-idle" kube-apiserver etcd kubectl
	@$(NODE) test/bench/idle.ts $(or $(N),200) $(or $(SECONDS),60)

bench-latency: build ## from apply to Secret at a steady rate: make bench-latency RATE=50 SECONDS=20
	@tools/engines --for "make bench-latency" kube-apiserver etcd kubectl
	@$(NODE) test/bench/latency.ts $(or $(RATE),50) $(or $(SECONDS),20)

chaos: build ## rounds of faults on real engines, the audit after each: make chaos N=14 SEED=1 KILLS=10
	@tools/engines --for "make chaos" kube-apiserver etcd kubectl kube-controller-manager
	@$(NODE) test/chaos/main.ts --rounds $(or $(N),14) --seed $(or $(SEED),1) --kills $(or $(KILLS),10) $(if $(ONLY),--only "$(ONLY)")

bench-server: build ## the token service beside a bare HTTP handler: token check, long list, memory, start
	@$(NODE) test/bench/server.ts

kill-server: node_modules/.ok ## kill the token service N times while it is written to, on both storages; nothing answered may be lost
	@$(NODE) test/server-kill/main.ts $(or $(N),100) $(or $(SEED),1)

bench-pulumi: node_modules/.ok ## N tokens by pulumi up, beside the same provider written as the tutorials do: make bench-pulumi N=500
	@tools/engines --for "make bench-pulumi" pulumi
	@$(NODE) test/bench/pulumi.ts $(or $(N),500)

bench-plan: node_modules/.ok ## how long one plan() takes
	@$(NODE) test/bench/plan.ts

tools: $(NODE) ## build or fetch every engine that the tests need
	@tools/engines --for "make tools" kube-apiserver etcd kubectl kube-controller-manager pulumi chromium

cluster: node_modules/.ok ## start a local control plane and print its kubeconfig
	@tools/engines --for "make cluster" kube-apiserver etcd kubectl kube-controller-manager
	@$(NODE) test/support/cluster-cli.ts start

cluster-stop: node_modules/.ok ## end the local control plane
	@$(NODE) test/support/cluster-cli.ts stop

pictures: node_modules/.ok ## take the pictures of the token service's page into docs/pictures, and measure its first view
	@tools/engines --for "make pictures" chromium
	@$(NODE) test/page/pictures.ts

pack: build ## the npm package
	@npm pack

clean: ## remove what was built here (not the engines' cache)
	@rm -rf dist bin node_modules .tools *.tgz

$(NODE):
	@tools/engines --for "make" node

node_modules/.ok: package.json package-lock.json | $(NODE)
	@if [ -d node_modules ] && [ node_modules/.ok -nt package-lock.json ] && [ node_modules/.ok -nt package.json ]; then exit 0; fi; \
	echo "Installing the npm packages" >&2; \
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || { echo "npm could not install the packages: look at your network, proxy and registry settings (npm config get registry), then run make again" >&2; exit 1; }
	@touch node_modules/.ok
