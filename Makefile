# 文枢 Wenshu. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3.11
ifeq ($(shell command -v $(PYTHON)),)
PYTHON := python3
endif
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup setup-test run test test-fast test-all demo eval bench lint format lock clean

help: ## 列出所有命令 List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: .venv/.ready ## 安装运行所需（到 .venv） Install what running needs

setup-test: .venv/.ready-test ## 安装开发与测试所需 Install what developing and testing need

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新 Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "缺少 venv 模块：apt-get install python3-venv"; exit 1; }
	@echo "创建虚拟环境 Making .venv …"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.ready: .venv/.python requirements/run.lock pyproject.toml
	@echo "安装依赖（首次约一分钟） Installing, about a minute the first time …"
	@$(BIN)/pip install -qq --require-hashes -r requirements/run.lock
	@$(BIN)/pip install -qq --no-build-isolation --no-deps -e .
	@touch $@

.venv/.ready-test: .venv/.ready requirements/test.lock
	@echo "安装测试依赖 Installing the test tools …"
	@$(BIN)/pip install -qq --require-hashes -r requirements/test.lock
	@touch $@

run: setup ## 启动服务器并放入示例材料 Start the server with sample material
	@$(BIN)/python demo/run.py

test: setup-test ## 全部测试 All tests but the long fault runs (about 15 minutes)
	@$(BIN)/pytest -n auto --dist worksteal -m "not slow"

test-fast: setup-test ## 单元与结构测试 Units and architecture (about two minutes)
	@$(BIN)/pytest -q -n auto tests/unit tests/architecture

test-all: setup-test ## 连同长时间的故障测试 With the long fault runs
	@$(BIN)/pytest -n auto --dist worksteal

demo: setup ## 每项服务用示例走一遍，结果在 demo-output/ Every service once, files left in demo-output/
	@$(BIN)/python demo/demo.py

eval: setup ## 质量评测，与同类并列 Quality on the development data, beside peers
	@$(BIN)/python evals/side_by_side.py

bench: setup ## 性能基准，与同类并列 Speed beside limits and peers of the same run (BENCH=full: longer load)
	@$(BIN)/python benchmarks/run.py

lint: setup-test ## 代码检查 ruff, pyright, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

format: setup-test ## 整理代码格式 Format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: ## 更新锁定的依赖（需要 uv） Pin the newest dependencies (needs uv)
	uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --extra build --extra milvus --extra otel --extra test -o requirements/test.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --extra build -c requirements/test.lock -o requirements/run.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --extra milvus -c requirements/test.lock -o requirements/milvus.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --extra otel -c requirements/test.lock -o requirements/otel.lock
	for peer in benchmarks/peers/*.in tests/clients/*.in; do uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 $$peer -o $${peer%.in}.lock; done

clean: ## 删除虚拟环境与缓存 Remove .venv and caches
	rm -rf .venv .venv-peers .venv-clients .pytest_cache .ruff_cache .hypothesis .import_linter_cache demo-output
