// A client and a service made from two schemas: which pairs go together, and what is said where
// they do not.
#include "services/stubs/expected_schema.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reflection/testing.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;

struct Row {
  std::string_view rule;
  std::string_view here, there;
  std::string_view told;  // "": they go together
};

std::string SchemaOf(std::string_view table) {
  return message::Compiled(std::string("namespace kv; ") + std::string(table) +
                           " rpc_service Store { Get(Key): Key; }");
}

absl::Status Judged(const std::string& here, std::string_view there) {
  return JudgeSchema(Interface{.name = "kv.Store", .schema = here}, there);
}

TEST(ExpectedSchemaTest, EachPairGoesTogetherOrIsToldByBothSidesWords) {
  const std::vector<Row> kRows = {
      {"the same", "table Key { age: int; }", "table Key { age: int; }", ""},
      {"the service is newer", "table Key { age: int; }", "table Key { age: int; name: string; }",
       ""},
      {"the service is older", "table Key { age: int; name: string; }", "table Key { age: int; }",
       ""},
      {"another type", "table Key { age: int; }", "table Key { age: string; }",
       "kv.Key.age: here int, at the service string"},
      {"another number", "table Key { age: int; name: int; }", "table Key { name: int; age: int; }",
       "kv.Key.age: its number here 0, at the service 1"},
      {"each has a field of its own", "table Key { age: int; a: int; }",
       "table Key { age: int; b: int; }", "kv.Key.a: field 1 here a: int, at the service b: int"},
      {"the newer service wants what is not sent", "table Key { age: int; }",
       "table Key { age: int; name: string (required); }",
       "kv.Key.name: the service requires it, and does not get it from here"},
      {"what is wanted here the older service does not send",
       "table Key { age: int; name: string (required); }", "table Key { age: int; }",
       "kv.Key.name: "},
      {"a method that only the service has", "table Key { age: int; }",
       "table Key { age: int; } rpc_service Other { M(Key): Key; }", ""},
  };
  for (const Row& row : kRows) {
    const absl::Status status = Judged(SchemaOf(row.here), SchemaOf(row.there));
    EXPECT_EQ(status.ok(), row.told.empty()) << row.rule << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(row.told))) << row.rule;
  }
}

TEST(ExpectedSchemaTest, ThreeOfManyAreTold) {
  const absl::Status status =
      Judged(SchemaOf("table Key { a: int; b: int; c: int; d: int; e: int; }"),
             SchemaOf("table Key { a: string; b: string; c: string; d: string; e: string; }"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("kv.Key.c: here int"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("; and 2 more"));
}

TEST(ExpectedSchemaTest, WhatIsNoSchemaIsRefusedWithoutHarm) {
  const std::string here = SchemaOf("table Key { age: int; }");
  EXPECT_THAT(std::string(Judged(here, "anything").message()),
              HasSubstr("its schema is no binary schema"));
  message::Random random(1);
  for (int i = 0; i < 2000; ++i)
    Judged(here, message::Mutant(SchemaOf("table Key { age: int; name: string; }"), random))
        .IgnoreError();
}

}  // namespace
}  // namespace jackfield
