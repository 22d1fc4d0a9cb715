// The gate finds each way in which the books can differ, and allows what nobody can know.
#include "services/shop/report.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield::shop {
namespace {

struct Told {
  uint64_t sold = 3, sold_to_customer = 3, noted = 3, noted_pence = 1260;
  std::vector<uint64_t> pieces_sold = {3, 0, 0, 0}, began = {10, 10, 1, 10}, left = {7, 10, 1, 10},
                        held = {3, 0, 0, 0};
  uint32_t ledger_restarts = 0;
};

Seen ThreeSoldOneRefused() {
  Seen seen;
  seen.placed = 4;
  for (int i = 0; i < 3; ++i) seen.ended.Add(End::Sold, 420);
  seen.ended.Add(End::NoStock, 0);
  seen.calls = 5;
  seen.in_doubt = seen.repeated = 1;
  return seen;
}

class Report : public testing::Test {
 protected:
  const Books& Tell() {
    fbb_.Clear();
    const auto stock =
        CreateStockCount(fbb_, fbb_.CreateVector(told_.began), fbb_.CreateVector(told_.left),
                         fbb_.CreateVector(told_.held));
    const auto ledger = CreateTotals(fbb_, told_.noted, 1, 0, 0, told_.noted_pence);
    fbb_.Finish(CreateBooks(fbb_, told_.sold, told_.sold_to_customer,
                            fbb_.CreateVector(told_.pieces_sold), stock, ledger,
                            told_.ledger_restarts));
    return *flatbuffers::GetRoot<Books>(fbb_.GetBufferPointer());
  }
  std::string Differs() { return WhatDiffers(seen_, Tell()); }

  Told told_;
  Seen seen_ = ThreeSoldOneRefused();

 private:
  flatbuffers::FlatBufferBuilder fbb_;
};

TEST_F(Report, AddsUp) {
  EXPECT_EQ(Differs(), "");
  const std::string table = TableOf(seen_) + TableOf(Tell());
  for (const char* words : {"orders placed            4\n", "sold                   3  for 12.60\n",
                            "repeated               1\n", "orders says              3  sold\n",
                            "ledger says              3  sold for 12.60\n",
                            "stock: Tea              10  = 7 left + 3 sold\n"})
    EXPECT_NE(table.find(words), std::string::npos) << words << " in:\n" << table;
  EXPECT_EQ(table.find("restarted"), std::string::npos) << table;
}

TEST_F(Report, FindsAnOrderThatWasSoldTwiceOrNotAtAll) {
  told_.sold_to_customer = 4;
  EXPECT_NE(Differs().find("receipts of 3 sold orders"), std::string::npos) << Differs();
  told_.sold_to_customer = 2;
  EXPECT_NE(Differs().find("orders says 2"), std::string::npos) << Differs();
}

TEST_F(Report, AllowsThatAnOrderWithoutAReceiptWasSold) {
  ++seen_.placed;
  seen_.unknown = 1;
  EXPECT_EQ(Differs(), "");
  told_.sold = told_.sold_to_customer = told_.noted = 4;
  EXPECT_EQ(Differs(), "");
  told_.sold = told_.sold_to_customer = told_.noted = 5;
  EXPECT_NE(Differs(), "");
}

TEST_F(Report, FindsAnOrderWithoutAnEnd) {
  ++seen_.placed;
  EXPECT_EQ(Differs(), "5 orders were placed, and 4 came to an end\n");
}

TEST_F(Report, FindsPiecesThatAreGoneOrCountedTwice) {
  told_.left[0] = 6;
  EXPECT_EQ(Differs(), "Tea: 6 left and 3 sold are not 10\n");
  told_.left[0] = 8;
  EXPECT_EQ(Differs(), "Tea: 8 left and 3 sold are not 10\n");
}

TEST_F(Report, FindsThatStockAndOrdersDisagree) {
  told_.held = {2, 0, 0, 0};
  told_.left = {8, 10, 1, 10};
  EXPECT_EQ(Differs(), "Tea: stock says 2 sold, orders says 3\n");
}

TEST_F(Report, ALedgerMayLackNotesOnlyWhereSomebodyBeganAnew) {
  told_.noted = 2;
  told_.noted_pence = 840;
  EXPECT_NE(Differs().find("ledger says 2 sold, orders says 3"), std::string::npos) << Differs();
  told_.ledger_restarts = 1;
  EXPECT_EQ(Differs(), "");
  EXPECT_NE(TableOf(Tell()).find("ledger restarted"), std::string::npos);
  told_.ledger_restarts = 0;
  seen_.orders_restarts = 1;
  EXPECT_EQ(Differs(), "");
  told_.noted = 4;
  EXPECT_NE(Differs(), "") << "never more than were sold";
}

TEST_F(Report, FindsMoneyThatIsGone) {
  told_.noted_pence = 1259;
  EXPECT_EQ(Differs(), "the gate paid 12.60, ledger says 12.59\n");
}

TEST_F(Report, LeavesOtherCustomersApart) {
  told_.sold = told_.noted = 5;
  told_.pieces_sold = told_.held = {5, 0, 0, 0};
  told_.left[0] = 5;
  told_.noted_pence = 2100;
  EXPECT_EQ(Differs(), "");
  EXPECT_NE(TableOf(Tell()).find("3  sold here, 5 in all"), std::string::npos);
}

TEST_F(Report, FindsBooksOfOtherItems) {
  told_.left = {7, 10};
  EXPECT_EQ(Differs(), "the books are of other items\n");
  EXPECT_NE(TableOf(Tell()), "");
}

}  // namespace
}  // namespace jackfield::shop
