#include "services/shop/report.h"

#include <cstdio>
#include <string_view>

#include "kernel/base/text.h"
#include "services/shop/reservations.h"

namespace jackfield::shop {
namespace {

std::string Row(std::string_view what, uint64_t count, std::string_view more = "") {
  char row[256];
  std::snprintf(row, sizeof row, "%-16.*s %9llu%s%.*s\n", static_cast<int>(what.size()),
                what.data(), static_cast<unsigned long long>(count), more.empty() ? "" : "  ",
                static_cast<int>(more.size()), more.data());
  return row;
}

std::string Pounds(uint64_t pence) {
  char text[32];
  std::snprintf(text, sizeof text, "%llu.%02llu", static_cast<unsigned long long>(pence / 100),
                static_cast<unsigned long long>(pence % 100));
  return text;
}

bool HasEveryItem(const Books& books) {
  for (const auto* pieces : {books.pieces_sold(), books.stock()->began(), books.stock()->left(),
                             books.stock()->held()}) {
    if (pieces->size() != kItems) return false;
  }
  return true;
}

}  // namespace

std::string TableOf(const Seen& seen) {
  std::string table = Row("orders placed", seen.placed);
  table += Row("  sold", seen.ended.Of(End::Sold), Text("for ", Pounds(seen.ended.pence())));
  table += Row("  no stock", seen.ended.Of(End::NoStock));
  table += Row("  too dear", seen.ended.Of(End::TooDear));
  table += Row("  given up", seen.ended.Of(End::GivenUp));
  table += Row("  unknown", seen.unknown);
  table += Row("calls", seen.calls);
  table += Row("  refused", seen.refused);
  table += Row("  failed", seen.failed);
  table += Row("  in doubt", seen.in_doubt);
  table += Row("  repeated", seen.repeated);
  if (seen.orders_restarts != 0) table += Row("orders restarted", seen.orders_restarts);
  return table;
}

std::string TableOf(const Books& books) {
  std::string table =
      Row("orders says", books.sold_to_customer(),
          books.sold() == books.sold_to_customer() ? "sold"
                                                   : Text("sold here, ", books.sold(), " in all"));
  table += Row("ledger says", books.ledger()->sold(),
               Text("sold for ", Pounds(books.ledger()->pence())));
  if (books.ledger_restarts() != 0) table += Row("ledger restarted", books.ledger_restarts());
  for (flatbuffers::uoffset_t item = 0; item < kItems && HasEveryItem(books); ++item) {
    table += Row(Text("stock: ", EnumNameItem(static_cast<Item>(item))),
                 books.stock()->began()->Get(item),
                 Text("= ", books.stock()->left()->Get(item), " left + ",
                      books.stock()->held()->Get(item), " sold"));
  }
  return table;
}

std::string WhatDiffers(const Seen& seen, const Books& books) {
  std::string differs;
  const uint64_t sold = seen.ended.Of(End::Sold);
  if (books.sold_to_customer() < sold || books.sold_to_customer() > sold + seen.unknown) {
    differs += Text("the gate has receipts of ", sold, " sold orders (and none of ", seen.unknown,
                    "), orders says ", books.sold_to_customer(), "\n");
  }
  uint64_t ended = seen.unknown;
  for (size_t end = 0; end <= static_cast<size_t>(End::MAX); ++end)
    ended += seen.ended.Of(static_cast<End>(end));
  if (ended != seen.placed)
    differs += Text(seen.placed, " orders were placed, and ", ended, " came to an end\n");
  if (!HasEveryItem(books)) return differs + "the books are of other items\n";
  for (flatbuffers::uoffset_t item = 0; item < kItems; ++item) {
    const uint64_t began = books.stock()->began()->Get(item),
                   left = books.stock()->left()->Get(item), held = books.stock()->held()->Get(item);
    const std::string_view name = EnumNameItem(static_cast<Item>(item));
    if (left + held != began)
      differs += Text(name, ": ", left, " left and ", held, " sold are not ", began, "\n");
    if (held != books.pieces_sold()->Get(item)) {
      differs += Text(name, ": stock says ", held, " sold, orders says ",
                      books.pieces_sold()->Get(item), "\n");
    }
  }
  const uint64_t noted = books.ledger()->sold();
  const bool told_all = seen.orders_restarts == 0 && books.ledger_restarts() == 0;
  if (noted > books.sold() || (told_all && noted < books.sold()))
    differs += Text("ledger says ", noted, " sold, orders says ", books.sold(), "\n");
  if (told_all && seen.unknown == 0 && books.sold() == sold &&
      books.ledger()->pence() != seen.ended.pence()) {
    differs += Text("the gate paid ", Pounds(seen.ended.pence()), ", ledger says ",
                    Pounds(books.ledger()->pence()), "\n");
  }
  return differs;
}

}  // namespace jackfield::shop
