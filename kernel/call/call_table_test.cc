#include "kernel/call/call_table.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

// The table never looks at what these point to.
Session& SessionAt(uintptr_t number) { return *reinterpret_cast<Session*>(number * 4096); }
ServerCall* CallAt(uintptr_t number) { return reinterpret_cast<ServerCall*>(number * 512); }

TEST(CallTable, FindsEachCallByItsSessionAndNumberAndNoOther) {
  CallTable table;
  std::vector<std::unique_ptr<CallPlace>> places;
  for (uintptr_t session = 1; session <= 3; ++session) {
    for (uint64_t id = 1; id <= 1000; ++id) {
      places.push_back(std::make_unique<CallPlace>());
      places.back()->session = &SessionAt(session);
      places.back()->call_id = id;
      places.back()->call = CallAt(session * 10'000 + id);
      table.Insert(*places.back());
    }
  }
  for (uintptr_t session = 1; session <= 3; ++session) {
    for (uint64_t id = 1; id <= 1000; ++id)
      ASSERT_EQ(table.Find(SessionAt(session), id), CallAt(session * 10'000 + id));
  }
  EXPECT_EQ(table.Find(SessionAt(1), 1001), nullptr);
  EXPECT_EQ(table.Find(SessionAt(4), 1), nullptr);
}

TEST(CallTable, ACallThatHasEndedIsNotFound) {
  CallTable table;
  CallPlace unlinked;
  unlinked.session = &SessionAt(1);
  unlinked.call_id = 1;
  unlinked.call = CallAt(1);
  table.Insert(unlinked);
  {
    CallPlace destroyed;
    destroyed.session = &SessionAt(1);
    destroyed.call_id = 2;
    destroyed.call = CallAt(2);
    table.Insert(destroyed);
    EXPECT_EQ(table.Find(SessionAt(1), 2), CallAt(2));
  }
  unlinked.Unlink();
  EXPECT_EQ(table.Find(SessionAt(1), 1), nullptr);
  EXPECT_EQ(table.Find(SessionAt(1), 2), nullptr);
}

}  // namespace
}  // namespace jackfield
