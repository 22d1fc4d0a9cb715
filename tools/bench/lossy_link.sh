#!/bin/bash
# Goodput of one-way messages over a link that is slow and loses: tcp: beside fragment+reliable+udp:,
# in a network namespace of its own, whose loopback is the link (MTU 1500, no segmentation by it).
#
#   tools/bench/lossy_link.sh JACKFIELD [LOSS…]     LOSS in thousandths; 0 1 10 50 if not said
#   RATE=100mbit LATENCY=20ms BURST=32kb SECONDS_EACH=4 ROUNDS=3   (tc-tbf(8))
#
# Needs root, ip, tc and nft (Debian: iproute2, nftables).
set -eu
jackfield=$1
shift
[ $# -gt 0 ] || set -- 0 1 10 50
net=jf-lossy-$$
ip netns add "$net"
trap 'ip netns del "$net"' EXIT
ip -n "$net" link set lo up mtu 1500
ip -n "$net" link set lo gso_max_segs 1
ip netns exec "$net" tc qdisc add dev lo root tbf \
  rate "${RATE:-100mbit}" burst "${BURST:-32kb}" latency "${LATENCY:-20ms}"
for loss in "$@"; do
  ip netns exec "$net" nft flush ruleset
  ip netns exec "$net" nft -f - <<RULES
table inet lossy {
  chain in {
    type filter hook input priority 0;
    iifname "lo" numgen random mod 1000 < $loss drop
  }
}
RULES
  for over in tcp://127.0.0.1:0 fragment+reliable+udp://127.0.0.1:0; do
    for _ in $(seq "${ROUNDS:-3}"); do
      rate=$(ip netns exec "$net" timeout 120 "$jackfield" bench --json --mode throughput \
        --size 1KiB --seconds "${SECONDS_EACH:-4}" --over "$over" |
        sed -n 's/.*"gb_per_s":\([0-9.]*\).*/\1/p')
      echo "loss $loss/1000  $over  $rate GB/s"
    done
  done
done
