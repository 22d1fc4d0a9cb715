// What the gate prints at its end, and whether it adds up. No bus.
//
// Thread: any.
#ifndef JACKFIELD_SERVICES_SHOP_REPORT_H_
#define JACKFIELD_SERVICES_SHOP_REPORT_H_

#include <cstdint>
#include <string>

#include "services/shop/shop_generated.h"
#include "services/shop/totals.h"

namespace jackfield::shop {

// What the gate has seen.
struct Seen {
  uint64_t placed = 0;   // orders
  Tally ended;           // those of which it got a receipt
  uint64_t unknown = 0;  // those of which it never got one
  // Calls, by outcome; those that were answered with a receipt are in none of these.
  uint64_t calls = 0, refused = 0, failed = 0, in_doubt = 0, repeated = 0;
  uint32_t orders_restarts = 0;  // that the service orders has begun anew
};

// Lines in columns, each ended by a newline.
std::string TableOf(const Seen& seen);
std::string TableOf(const Books& books);

// What does not add up, one sentence each, ended by a newline; "": all does. Of an order without a
// receipt nobody knows whether it was sold; of a ledger that was told one way some notes may be
// missing when it, or orders, has begun anew.
std::string WhatDiffers(const Seen& seen, const Books& books);

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_REPORT_H_
