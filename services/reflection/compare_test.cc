// Which changes of a schema a peer of another age would misunderstand, and what is said of them: a
// row for each.
#include "services/reflection/compare.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reflection/checks.h"
#include "services/reflection/testing.h"

namespace jackfield::evolution {
namespace {

using ::testing::ElementsAreArray;

struct Row {
  std::string_view rule;
  std::string_view older, newer;
  std::vector<std::string> told;  // none: compatible
};

// Every row's schema has this around it: types are reached by a.S/M(Q): R.
std::string Around(std::string_view text) {
  std::string all = "attribute \"one_way\"; attribute \"deadline_ms\";\nnamespace a;\n";
  all += text;
  if (text.find("table Q") == text.npos) all += "table Q { x: int; }\n";
  if (text.find("table R") == text.npos) all += "table R { x: int; }\n";
  if (text.find("rpc_service") == text.npos) all += "rpc_service S { M(Q): R; }\n";
  return all;
}

const reflection::Schema& Checked(const std::string& bytes) {
  EXPECT_TRUE(message::CheckSchema(bytes).ok()) << message::CheckSchema(bytes);
  return *reflection::GetSchema(bytes.data());
}

TEST(CompareTest, EachChangeIsToldByBothSidesWords) {
  const std::vector<Row> kRows = {
      // Fields.
      {"nothing", "table Q { a: int; b: string; }", "table Q { a: int; b: string; }", {}},
      {"a field at the end", "table Q { a: int; }", "table Q { a: int; b: string; c: [Q]; }", {}},
      {"a field with an id before others",
       "table Q { a: int (id: 0); }",
       "table Q { b: string (id: 1); a: int (id: 0); }",
       {}},
      {"fields in another order by ids",
       "table Q { a: int (id: 0); b: int (id: 1); }",
       "table Q { b: int (id: 1); a: int (id: 0); }",
       {}},
      {"a field is deprecated",
       "table Q { a: int; b: int; }",
       "table Q { a: int (deprecated); b: int; }",
       {}},
      {"a comment", "table Q { a: int; }", "/// What is asked.\ntable Q {\n/// A.\na: int; }", {}},
      {"a field is gone from the end",
       "table Q { a: int; b: string; }",
       "table Q { a: int; }",
       {"a.Q.b: is gone; to give it up, keep it, marked (deprecated)"}},
      {"a field is gone before others",
       "table Q { a: int; b: string; }",
       "table Q { b: string; }",
       {"a.Q.a: field 0 was a: int, is b: string", "a.Q.b: its number was 1, is 0"}},
      {"a field before others",
       "table Q { a: int; }",
       "table Q { b: int; a: int; }",
       {"a.Q.a: its number was 0, is 1"}},
      {"a field of another name",
       "table Q { a: int; }",
       "table Q { b: int; }",
       {"a.Q.a: field 0 was a: int, is b: int"}},
      {"two fields change places",
       "table Q { a: int; b: int; }",
       "table Q { b: int; a: int; }",
       {"a.Q.a: its number was 0, is 1", "a.Q.b: its number was 1, is 0"}},
      {"a wider number",
       "table Q { a: int; }",
       "table Q { a: long; }",
       {"a.Q.a: was int, is long"}},
      {"another sign", "table Q { a: uint; }", "table Q { a: int; }", {"a.Q.a: was uint, is int"}},
      {"a number becomes text",
       "table Q { a: int; }",
       "table Q { a: string; }",
       {"a.Q.a: was int, is string"}},
      {"one becomes many",
       "table Q { a: string; }",
       "table Q { a: [string]; }",
       {"a.Q.a: was string, is [string]"}},
      {"many of another type",
       "table Q { a: [int]; }",
       "table Q { a: [ubyte]; }",
       {"a.Q.a: was [int], is [ubyte]"}},
      {"a table of another name",
       "table A { x: int; } table Q { a: A; }",
       "table B { x: int; } table Q { a: B; }",
       {"a.Q.a: was a.A, is a.B"}},
      {"another default",
       "table Q { a: int = 1; }",
       "table Q { a: int = 2; }",
       {"a.Q.a: its default was 1, is 2"}},
      {"a default where there was none",
       "table Q { a: bool; }",
       "table Q { a: bool = true; }",
       {"a.Q.a: its default was false, is true"}},
      {"another real default",
       "table Q { a: double = 0.5; }",
       "table Q { a: double = -1.5; }",
       {"a.Q.a: its default was 0.5, is -1.5"}},
      {"another default of an enum",
       "enum E: byte { A, B } table Q { a: E = A; }",
       "enum E: byte { A, B } table Q { a: E = B; }",
       {"a.Q.a: its default was A (0), is B (1)"}},
      {"a number becomes optional",
       "table Q { a: int; }",
       "table Q { a: int = null; }",
       {"a.Q.a: its default was 0, is null"}},
      {"it becomes required",
       "table Q { a: string; }",
       "table Q { a: string (required); }",
       {"a.Q.a: was not required, is required"}},
      {"it is not required any more",
       "table Q { a: string (required); }",
       "table Q { a: string; }",
       {"a.Q.a: was required, is not required"}},
      {"a new field that is required",
       "table Q { a: int; }",
       "table Q { a: int; b: string (required); }",
       {"a.Q.b: is new and required, so that messages from before would be refused"}},
      {"another alignment",
       "table Q { a: [ubyte]; }",
       "table Q { a: [ubyte] (force_align: 16); }",
       {"a.Q.a: its alignment was 0, is 16"}},
      {"another buffer inside",
       "table A {} table Q { a: [ubyte] (nested_flatbuffer: \"A\"); }",
       "table A {} table Q { a: [ubyte]; }",
       {"a.Q.a: what is inside was a.A, is bytes"}},
      {"in a table inside",
       "table A { x: int; } table Q { a: [A]; }",
       "table A { x: long; } table Q { a: [A]; }",
       {"a.A.x: was int, is long"}},
      {"in a table inside itself",
       "table Q { q: Q; x: int; }",
       "table Q { q: Q; x: short; }",
       {"a.Q.x: was int, is short"}},
      {"in a buffer inside",
       "table A { x: int; } table Q { a: [ubyte] (nested_flatbuffer: \"A\"); }",
       "table A { y: int; } table Q { a: [ubyte] (nested_flatbuffer: \"A\"); }",
       {"a.A.x: field 0 was x: int, is y: int"}},
      // Structs.
      {"a struct grows",
       "struct P { x: int; } table Q { p: P; }",
       "struct P { x: int; y: int; } table Q { p: P; }",
       {"a.P: a struct cannot change: was { x: int }, is { x: int, y: int }"}},
      {"a struct's field of another name",
       "struct P { x: int; } table Q { p: P; }",
       "struct P { z: int; } table Q { p: P; }",
       {"a.P: a struct cannot change: was { x: int }, is { z: int }"}},
      {"a struct of another alignment",
       "struct P { x: int; } table Q { p: P; }",
       "struct P (force_align: 8) { x: int; } table Q { p: P; }",
       {"a.P: its alignment was 4, is 8"}},
      {"a struct inside a struct",
       "struct I { x: int; } struct P { i: I; } table Q { p: P; }",
       "struct I { x: float; } struct P { i: I; } table Q { p: P; }",
       {"a.I: a struct cannot change: was { x: int }, is { x: float }"}},
      {"a struct becomes a table",
       "struct P { x: int; } table Q { p: P; }",
       "table P { x: int; } table Q { p: P; }",
       {"a.P: was a struct, is a table"}},
      // Enums and unions.
      {"a value at the end",
       "enum E: byte { A } table Q { e: E; }",
       "enum E: byte { A, B } table Q { e: E; }",
       {}},
      {"a value before others",
       "enum E: byte { A, B } table Q { e: E; }",
       "enum E: byte { A, C, B } table Q { e: E; }",
       {"a.E.B: was 1, is 2"}},
      {"a value is gone",
       "enum E: byte { A, B } table Q { e: E; }",
       "enum E: byte { A } table Q { e: E; }",
       {"a.E.B: is gone (value 1)"}},
      {"an enum of another size",
       "enum E: byte { A } table Q { e: E; }",
       "enum E: int { A } table Q { e: E; }",
       {"a.E: was byte, is int"}},
      {"flags in another order",
       "enum E: ubyte (bit_flags) { A, B } table Q { e: E; }",
       "enum E: ubyte (bit_flags) { B, A } table Q { e: E; }",
       {"a.E.A: was 1, is 2", "a.E.B: was 2, is 1"}},
      {"a member at the end",
       "table A {} table B {} union U { A } table Q { u: U; }",
       "table A {} table B {} union U { A, B } table Q { u: U; }",
       {}},
      {"members in another order",
       "table A {} table B {} union U { A, B } table Q { u: U; }",
       "table A {} table B {} union U { B, A } table Q { u: U; }",
       {"a.U.A: was 1, is 2", "a.U.B: was 2, is 1"}},
      {"a member of another type",
       "table A {} table B {} union U { x: A } table Q { u: U; }",
       "table A {} table B {} union U { x: B } table Q { u: U; }",
       {"a.U.x: was a.A, is a.B"}},
      {"in a member",
       "table A { x: int; } union U { A } table Q { u: U; }",
       "table A { x: byte; } union U { A } table Q { u: U; }",
       {"a.A.x: was int, is byte"}},
      // Methods.
      {"a method is new", "rpc_service S { M(Q): R; }", "rpc_service S { M(Q): R; N(Q): R; }", {}},
      {"an interface is new",
       "rpc_service S { M(Q): R; }",
       "rpc_service S { M(Q): R; } rpc_service T { N(Q): R; }",
       {}},
      {"another deadline",
       "rpc_service S { M(Q): R (deadline_ms: \"5\"); }",
       "rpc_service S { M(Q): R (idempotent); }",
       {}},
      {"a method is gone",
       "rpc_service S { M(Q): R; N(R): Q; }",
       "rpc_service S { M(Q): R; }",
       {"a.S/N: is gone"}},
      {"a method has another name",
       "rpc_service S { M(Q): R; }",
       "rpc_service S { N(Q): R; }",
       {"a.S/M: is gone; N is new, but a call is known by its method's name"}},
      {"another request",
       "rpc_service S { M(Q): R; }",
       "rpc_service S { M(R): R; }",
       {"a.S/M: the request was a.Q, is a.R"}},
      {"another reply",
       "rpc_service S { M(Q): R; }",
       "rpc_service S { M(Q): Q; }",
       {"a.S/M: the reply was a.R, is a.Q"}},
      {"a call becomes a stream",
       "rpc_service S { M(Q): R; }",
       "rpc_service S { M(Q): R (streaming: \"server\"); }",
       {"a.S/M: was a call with one answer, is a stream of the server"}},
      {"a call is not answered any more",
       "rpc_service S { M(Q): R; }",
       "rpc_service S { M(Q): R (one_way); }",
       {"a.S/M: was a call with one answer, is one_way"}},
      {"a stream turns round",
       "rpc_service S { M(Q): R (streaming: \"client\"); }",
       "rpc_service S { M(Q): R (streaming: \"both\"); }",
       {"a.S/M: was a stream of the client, is a stream both ways"}},
      {"the interface has another name",
       "rpc_service S { M(Q): R; }",
       "rpc_service T { M(Q): R; }",
       {"a.S: is gone"}},
      {"in the reply",
       "table R { a: int; }",
       "table R { a: float; }",
       {"a.R.a: was int, is float"}},
      {"a type that no message holds", "table Z { a: int; }", "table Z { a: string; }", {}},
      {"several at once",
       "table Q { a: int = 1; b: int; }",
       "table Q { a: int = 2; b: long; }",
       {"a.Q.a: its default was 1, is 2", "a.Q.b: was int, is long"}},
  };
  for (const Row& row : kRows) {
    const std::string older = message::Compiled(Around(row.older));
    const std::string newer = message::Compiled(Around(row.newer));
    EXPECT_THAT(IncompatibleChanges(Checked(older), Checked(newer), "a.S"),
                ElementsAreArray(row.told))
        << row.rule;
  }
}

TEST(CompareTest, WhatIsCompatibleOneWayIsSoTheOther) {
  const std::string older = message::Compiled(Around("table Q { a: int; }"));
  const std::string newer = message::Compiled(Around("table Q { a: int; b: int; }"));
  EXPECT_TRUE(IncompatibleChanges(Checked(older), Checked(newer), "a.S").empty());
  EXPECT_FALSE(IncompatibleChanges(Checked(newer), Checked(older), "a.S").empty())
      << "but a field that is given up has to say so";
}

TEST(CompareTest, WithoutMethodsAllTypesCount) {
  const std::string older =
      message::Compiled("namespace a; table Z { x: int; } enum E: byte { A }");
  const std::string newer = message::Compiled("namespace a; table Z { x: long; } table Y {}");
  EXPECT_THAT(IncompatibleTypes(Checked(older), Checked(newer)),
              ElementsAreArray({"a.Z.x: was int, is long", "a.E: is gone"}));
}

}  // namespace
}  // namespace jackfield::evolution
