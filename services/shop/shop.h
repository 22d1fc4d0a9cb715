// The shop: the example of the manual, five programs that sell four things. README.md tells the
// story, shop.fbs has the interfaces, shop.toml the wiring.
//
//   gate ── Place ──▶ orders ── Reserve ──▶ stock
//                       │  ◀── prices ────── stock
//                       ├── Pack ─────────▶ packer, packer, …
//                       └── Note ─────────▶ ledger
//
// Each takes arguments of the form --name NUMBER. Those that serve take --crash-every N: it then
// dies, as by a fault, in the middle of every N-th piece of work. 0, and the default: never.
//
// Thread: each runs on the thread of its Service until it is asked to stop (gate: until it is
// done). Errors: INVALID_ARGUMENT for arguments; those of Service::Connect and Service::Serve.
#ifndef JACKFIELD_SERVICES_SHOP_SHOP_H_
#define JACKFIELD_SERVICES_SHOP_SHOP_H_

#include "absl/status/status.h"
#include "jackfield/service.h"

namespace jackfield::shop {

// The customers: calls "orders". --orders N: ends after so many, 0: when it is asked to stop.
// --rate N: orders a second, default 1000. Prints what came of them, and holds it against what the
// services know. Errors: DATA_LOSS: it does not add up; those of the call, where it cannot ask.
absl::Status RunGate(Service& service);

// Serves Orders; calls "stock", "prices", "packer1", "packer2" and "ledger". --crash-every N.
absl::Status RunOrders(Service& service);

// Serves Stock and Prices. --pieces N: of each item at the beginning, default 100,000; of kettles a
// hundredth of it. --crash-every N.
absl::Status RunStock(Service& service);

// Serves Packer. --work-us N: how long a parcel takes, default 1000. --crash-every N.
absl::Status RunPacker(Service& service);

// Serves Ledger. --crash-every N.
absl::Status RunLedger(Service& service);

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_SHOP_H_
