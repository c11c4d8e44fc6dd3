#!/usr/bin/env bash
# Lets everybody use KVM, where there is one: GitHub's runners have it, and give it to root alone.
set -euo pipefail
if [ ! -e /dev/kvm ] || [ -w /dev/kvm ]; then exit 0; fi
echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' | sudo tee /etc/udev/rules.d/99-kvm4all.rules
sudo udevadm control --reload-rules
sudo udevadm trigger --name-match=kvm
