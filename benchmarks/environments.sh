#!/usr/bin/env bash
# Make one virtual environment a peer, since their pins clash.
# usage: benchmarks/environments.sh FOLDER
set -euo pipefail
folder=${1:?usage: benchmarks/environments.sh FOLDER}
mkdir -p "$folder"

python3 -m venv "$folder/ctgan"
"$folder/ctgan/bin/pip" install -q torch==2.13.0
"$folder/ctgan/bin/pip" install -q ctgan==0.12.1

python3 -m venv "$folder/mostlyai"
"$folder/mostlyai/bin/pip" install -q torch==2.13.0
"$folder/mostlyai/bin/pip" install -q mostlyai-engine==2.7.3
"$folder/mostlyai/bin/pip" uninstall -q -y torchvision torchaudio # built for another torch, and not needed

python3 -m venv "$folder/copula"
"$folder/copula/bin/pip" install -q torch==2.13.0
"$folder/copula/bin/pip" install -q sdv==2.0.0

python3 -m venv "$folder/arf"
"$folder/arf/bin/pip" install -q arfpy==0.1.1 "numpy<2" "pandas<3"

python3 -m venv "$folder/tsgm"
"$folder/tsgm/bin/pip" install -q torch==2.13.0
# Keras 3.14 unrolls an LSTM on torch so that going backwards takes thirty times as long; statsmodels knows pandas 2
"$folder/tsgm/bin/pip" install -q tsgm==0.1.0 keras==3.13.2 "pandas<3"

python3 -m venv "$folder/deepecho"
"$folder/deepecho/bin/pip" install -q torch==2.13.0
"$folder/deepecho/bin/pip" install -q deepecho==0.8.1

python3 -m venv "$folder/xgboost" # what tabsyn.py judges with
"$folder/xgboost/bin/pip" install -q xgboost-cpu==3.2.0 pandas scikit-learn

python3 -m venv "$folder/sdmetrics"
"$folder/sdmetrics/bin/pip" install -q sdmetrics==0.32.0
