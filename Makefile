# Everything that a newcomer types; `make help` explains each target.

.DEFAULT_GOAL := help
.PHONY: help report lab dashboard data test lint strip fuzz bench schedule unschedule lock clean .venv conda

# PYTHON names the Python that .venv is made from. When it is the one of an activated conda environment, no .venv is made
# and that environment is used as it is.
PYTHON ?=
own := $(if $(and $(PYTHON),$(CONDA_PREFIX)),$(shell case "$$(command -v '$(PYTHON)')" in ('$(CONDA_PREFIX)'/*) echo yes;; esac))
ready := $(if $(own),conda,.venv)
run := $(if $(own),'$(PYTHON)',.venv/bin/python)

# Jupyter, IPython and Matplotlib keep their settings and caches here, not in the home directory.
export JUPYTER_CONFIG_DIR := $(CURDIR)/.cache/jupyter/config
export JUPYTER_CONFIG_PATH := $(CURDIR)/scripts/jupyter
export JUPYTER_DATA_DIR := $(CURDIR)/.cache/jupyter/data
export JUPYTER_RUNTIME_DIR := $(CURDIR)/.cache/jupyter/runtime
export IPYTHONDIR := $(CURDIR)/.cache/ipython
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
ifdef own
export PYTHONPATH := $(CURDIR)
endif

# Given on the command line, as in `make report DATA=data/home AS_OF=2024-07-08`, these reach the shell by themselves.
report_options = $${DATA:+--data "$$DATA"} $${AS_OF:+--as-of "$$AS_OF"} $${HORIZON:+--horizon "$$HORIZON"} $(parameters)

compile = '$(CURDIR)/.venv/bin/python' -m uv pip compile --quiet --no-config --universal --fork-strategy fewest \
	--generate-hashes --no-header $(LOCK)

# Taken from the command line alone: HOST and NAME mean other things in many an environment.
given = $(if $(filter command,$(firstword $(origin $(1)))),--$(2) "$$$(1)")
parameter = $(if $(filter command,$(firstword $(origin $(1)))),--parameter "$(2)=$$$(1)")
parameters = $(call parameter,MODELS,models) $(call parameter,FOLDS,folds) $(call parameter,QUANTILES,quantiles) \
	$(call parameter,DEVICES,devices) $(call parameter,COUNTRY,country) \
	$(if $(filter command,$(firstword $(origin PARAMETERS))),$(patsubst %,--parameter '%',$(PARAMETERS)))
dashboard_options = $(call given,HOST,host) $(call given,PORT,port) $(call given,TOKEN,token) $(call given,NAME,name)

help: ## explain every target
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 } /^#: / { print "                " substr($$0, 3) }' Makefile

report: $(ready) ## write the week's report to reports/latest (DATA=data/sample, AS_OF=2024-07-08, HORIZON=168)
#: also MODELS="similar days,climatology" FOLDS=8 QUANTILES=0.05,0.5,0.95 DEVICES=WM_01,TV_LR_01 COUNTRY=ES,
#: and any other parameter of the notebooks: PARAMETERS="name=value name=value"
	@$(run) -m influx report $(report_options)

lab: $(ready) ## open the notebooks in JupyterLab
	@$(run) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate --LabApp.news_url=None \
		$(if $(filter 0,$(shell id -u)),--allow-root)

dashboard: $(ready) ## show the newest report to those who only look (HOST=0.0.0.0, PORT=8866, TOKEN=…, NAME=energy.example.org)
	@$(run) -m influx dashboard $(dashboard_options)

data: $(ready) ## rebuild data/sample, byte for byte
	@$(run) scripts/sample_home --output data/sample

# nbval measures in the kernels what --cov names; without a name it hangs.
test: $(ready) ## run the tests, notebooks included, and measure what they cover
	@$(run) -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
		--nbval-lax --nbval-current-env $(wildcard notebooks) tests \
		--cov=influx --cov-report=term:skip-covered --cov-fail-under=90

lint: $(ready) ## check style, format, types, the one way of imports, and that notebooks hold no outputs
	@$(run) -m ruff check
	@$(run) -m ruff format --check
	@$(run) -m mypy
	@$(run) scripts/architecture.py
	@$(run) scripts/strip_notebooks.py --check notebooks/*.ipynb

strip: $(ready) ## take outputs and counts out of the notebooks (JupyterLab does so when it saves one)
	@$(run) scripts/strip_notebooks.py notebooks/*.ipynb || true

fuzz: $(ready) ## read ten thousand damaged files; each must end in a clear error or a right reading (COUNT=10000, SEED=1)
	@$(run) tests/fuzz.py $${COUNT:+--count "$$COUNT"} $${SEED:+--seed "$$SEED"}

bench: $(ready) ## measure accuracy, time and memory, write benchmarks/RESULTS.md (ONLY=accuracy measures one, prints it)
	@$(run) -m benchmarks $${ONLY:+--only "$$ONLY"}

schedule: $(ready) ## make the report every Monday at six, by cron (DATA=data/home, WHEN="0 6 * * 1")
	@$(run) -m influx schedule $${DATA:+--data "$$DATA"} $${WHEN:+--when "$$WHEN"}

unschedule: $(ready) ## end what `make schedule` began
	@$(run) -m influx unschedule

lock: .venv ## write requirements.txt from pyproject.toml, and the peers' (LOCK=--upgrade takes newer versions)
	@$(compile) --python-version 3.11 --all-extras --output-file requirements.txt pyproject.toml
	@cd benchmarks/peers && $(compile) --python-version 3.11 --output-file requirements.txt requirements.in
	@cd benchmarks/peers && $(compile) --python-version 3.12 --output-file openstef-requirements.txt openstef-requirements.in

clean: ## remove .venv and every cache; data and reports stay
	@rm -rf .venv .cache .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache influx.egg-info
	@find . \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

.venv: # made when it is missing, unfinished or older than the lock
	@sh scripts/venv.sh '$(PYTHON)'

conda:
	@$(run) -c 'from importlib.util import find_spec as there; assert there("papermill") and there("sklearn")' 2>/dev/null || \
		{ echo "InFlux: this environment lacks packages. Install them: $(PYTHON) -m pip install -r requirements.txt" >&2; exit 1; }
