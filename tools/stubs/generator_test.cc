// The generator without a compiler: what it makes of a schema, word for word, and what it refuses.
// The schemas are parsed here, with the flags of third_party/flatbuffers.bzl.
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "flatbuffers/idl.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/fnv.h"
#include "kernel/frame.h"
#include "kernel/payload.h"
#include "tools/stubs/checks.h"
#include "tools/stubs/model.h"
#include "tools/stubs/write.h"

namespace jackfield::stubs {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kAttributes =
    "attribute \"deadline_ms\"; attribute \"one_way\"; attribute \"tables_max\"; attribute "
    "\"deadlin_ms\"; attribute \"colour\";\n";

std::string BfbsOf(const std::string& schema) {
  flatbuffers::IDLOptions options;
  options.binary_schema_comments = true;
  options.binary_schema_builtins = true;
  flatbuffers::Parser parser(options);
  EXPECT_TRUE(parser.Parse(schema.c_str())) << parser.error_;
  parser.Serialize();
  return {reinterpret_cast<const char*>(parser.builder_.GetBufferPointer()),
          parser.builder_.GetSize()};
}

// What is said against these methods of a service.
std::string RefusalOf(std::string_view methods, std::string_view more = "") {
  const std::string schema = std::string(kAttributes) +
                             "namespace shop; table A { x: int; } table E {} " + std::string(more) +
                             " rpc_service Stock { " + std::string(methods) + " }";
  return std::string(ReadSchema("shop/stock.fbs", BfbsOf(schema)).status().message());
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// To change what is expected: copy bazel-bin/tools/stubs/golden_service.* over testdata/, with a
// hash of zeros, and read the difference.
TEST(Generator, WritesTheseStubs) {
  absl::StatusOr<SchemaModel> model =
      ReadSchema("tools/stubs/golden.fbs", FileText("tools/stubs/golden.bfbs"));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->hash, Fnv1a64(model->bfbs));
  model->hash = 0;  // another flatc makes other bytes of the same schema
  EXPECT_EQ(HeaderText(*model), FileText("tools/stubs/testdata/golden_service.h.txt"));
  EXPECT_EQ(SourceText(*model, Schemas::kServed),
            FileText("tools/stubs/testdata/golden_service.cc.txt"));
}

TEST(Generator, LeavesOutTheSchemaServiceWhenTold) {
  const absl::StatusOr<SchemaModel> model =
      ReadSchema("tools/stubs/golden.fbs", FileText("tools/stubs/golden.bfbs"));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(SourceText(*model, Schemas::kNotServed), Not(HasSubstr("ServeSchemas")));
}

TEST(Generator, ABinarySchemaDoesNotNameTheMachineThatMadeIt) {
  const std::string bfbs = FileText("tools/stubs/golden.bfbs");
  EXPECT_THAT(bfbs, HasSubstr("//tools/stubs/golden.fbs"));
  EXPECT_THAT(bfbs, Not(HasSubstr("../")));
}

TEST(Generator, WritesEveryByteOfTheSchemaIntoTheLiteral) {
  SchemaModel model;
  model.source = "a.fbs";
  model.bfbs = std::string("\0\x01\"\\\xff?", 6);
  EXPECT_EQ(LiteralText(model),
            "// 6 bytes: a.fbs as a binary schema.\n\"\\000\\001\\042\\134\\377\\077\"\n");
}

TEST(Generator, HashesAsTheKernelDoes) {
  for (const std::string_view name : {"", "jackfield.echo.Echo/Say", "a.B/\xc3\xa9"}) {
    EXPECT_EQ(Fnv32(name), MessageType(name)) << name;
  }
}

TEST(Generator, NamesTablesOfOtherNamespacesInFull) {
  const std::string schema =
      "namespace lib.v2; table B { y: int; } namespace shop; table A { x: int; } rpc_service Stock "
      "{ Get(A): lib.v2.B; }";
  const absl::StatusOr<SchemaModel> model = ReadSchema("shop/stock.fbs", BfbsOf(schema));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->services.at(0).methods.at(0).request, "A");
  EXPECT_EQ(model->services.at(0).methods.at(0).reply, "::lib::v2::B");
}

TEST(Generator, NamesATableInFullWhereAMethodHasItsName) {
  const std::string schema =
      "namespace shop; table A { x: int; } table B { y: int; } rpc_service Stock { A(A): B; "
      "Get(A): B; }";
  const absl::StatusOr<SchemaModel> model = ReadSchema("shop/stock.fbs", BfbsOf(schema));
  ASSERT_TRUE(model.ok()) << model.status();
  for (const MethodModel& method : model->services.at(0).methods) {
    EXPECT_EQ(method.request, "::shop::A") << method.name;
    EXPECT_EQ(method.reply, "B") << method.name;
  }
}

TEST(Generator, ACommentStaysACommentAndKeepsItsShape) {
  const std::string schema =
      "namespace shop; table A { x: int; }\n/// Either\n///   - this, or\n///\n/// C:\\\n"
      "rpc_service Stock { Get(A): A; }";
  const absl::StatusOr<SchemaModel> model = ReadSchema("shop/stock.fbs", BfbsOf(schema));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(HeaderText(*model),
              HasSubstr("// Either\n//   - this, or\n//\n// C:\\.\nclass StockClient {"));
}

TEST(Refuses, WhatIsNoBinarySchema) {
  EXPECT_THAT(std::string(ReadSchema("shop/stock.fbs", "table A {}").status().message()),
              HasSubstr("shop/stock.fbs: its .bfbs is not a binary schema"));
}

TEST(Refuses, ASchemaWithoutServices) {
  EXPECT_THAT(
      std::string(ReadSchema("shop/stock.fbs", BfbsOf("namespace shop; table A { x: int; }"))
                      .status()
                      .message()),
      HasSubstr("it declares no rpc_service; for tables alone use flatbuffer_cc_library"));
}

TEST(Refuses, ABinarySchemaWhoseServicesAreOfFilesByAnotherName) {
  flatbuffers::IDLOptions options;
  options.binary_schema_builtins = true;
  options.project_root = "/somewhere/else";
  flatbuffers::Parser parser(options);
  ASSERT_TRUE(
      parser.Parse("namespace shop; table A { x: int; } rpc_service Stock { Get(A): A; } "
                   "rpc_service Till { Pay(A): A; }",
                   nullptr, "/somewhere/else/stock.fbs"))
      << parser.error_;
  parser.Serialize();
  const std::string bfbs(reinterpret_cast<const char*>(parser.builder_.GetBufferPointer()),
                         parser.builder_.GetSize());
  EXPECT_EQ(
      std::string(ReadSchema("shop/stock.fbs", bfbs).status().message()),
      "shop/stock.fbs: the 2 rpc_services of its .bfbs are declared in //stock.fbs, by its own "
      "account  try: flatc --bfbs-filenames ROOT, with the folder that the path of --source "
      "begins in");
  EXPECT_TRUE(ReadSchema("stock.fbs", bfbs).ok());
}

// ---- What a message holds.

MethodModel MethodOf(std::string_view schema) {
  const absl::StatusOr<SchemaModel> model = ReadSchema(
      "shop/stock.fbs",
      BfbsOf("namespace shop; " + std::string(schema) + " rpc_service Stock { Get(A): B; }"));
  EXPECT_TRUE(model.ok()) << model.status();
  return model.ok() ? model->services.at(0).methods.at(0) : MethodModel{};
}

TEST(Contents, TheLargestAlignmentIsFoundWhereverItIs) {
  EXPECT_EQ(MethodOf("table A { x: long; } table B { }").alignment, 8);
  const std::string wide = "struct S (force_align: 16) { x: double; y: double; } ";
  EXPECT_EQ(MethodOf(wide + "table A { s: S; } table B { }").alignment, 16);
  EXPECT_EQ(MethodOf(wide + "table A { } table B { list: [S]; }").alignment, 16);
  EXPECT_EQ(MethodOf(wide + "struct T { s: S; } table C { t: T; } union U { C } "
                            "table A { u: U; a: A; } table B { }")
                .alignment,
            16);
  EXPECT_EQ(MethodOf("table A { x: [ubyte] (force_align: 32); } table B { }").alignment, 32);
  const MethodModel nested = MethodOf(
      wide + "table C { s: S; } table A { x: [ubyte] (nested_flatbuffer: \"C\"); } table B { }");
  EXPECT_EQ(nested.alignment, 16);
  EXPECT_TRUE(nested.nested);
}

TEST(Contents, TheMostThatIsTakenIsWhatABlockHas) {
  static_assert(kPayloadAlignmentMax == 64, "as model.cc says");
  static_assert(FLATBUFFERS_MAX_ALIGNMENT <= kPayloadAlignmentMax, "flatc refuses more");
}

TEST(Contents, AFlexbufferIsRefused) {
  EXPECT_THAT(
      RefusalOf("Get(A): F;", "table F { x: [ubyte] (flexbuffer); }"),
      HasSubstr("shop.Stock/Get: shop.F.x is a flexbuffer, and FlatBuffers' verifier has no "
                "limit for those  try: leave it a plain [ubyte]"));
}

TEST(Contents, ABufferOfATableThatMayBeOneOfTwoIsRefused) {
  EXPECT_THAT(RefusalOf("Get(A): N;",
                        "table N { x: [ubyte] (nested_flatbuffer: \"T\"); } table T { } "
                        "namespace lib; table T { } namespace shop;"),
              HasSubstr("shop.N.x has a buffer of T, which may be lib.T or shop.T  try: write its "
                        "name in full"));
}

TEST(Refuses, AServiceWithoutANamespace) {
  EXPECT_THAT(std::string(ReadSchema("stock.fbs",
                                     BfbsOf("table A { x: int; } rpc_service Stock { Get(A): A; }"))
                              .status()
                              .message()),
              HasSubstr("stock.fbs: Stock: it has no namespace  try: "));
}

TEST(Refuses, AnUnknownAttributeAndNamesTheNearest) {
  EXPECT_EQ(RefusalOf("Get(A): A (deadlin_ms: \"5\");"),
            "shop/stock.fbs: shop.Stock/Get: the attribute \"deadlin_ms\" means nothing for a "
            "method; did you mean "
            "\"deadline_ms\"?  try: correct it, or leave it out");
  EXPECT_THAT(RefusalOf("Get(A): A (colour);"),
              HasSubstr("there are deadline_ms, idempotent, one_way, streaming and tables_max"));
}

TEST(Refuses, ADeadlineThatIsNoNumberOfMilliseconds) {
  for (const char* value : {"0", "-1", "5s", "", "86400001"}) {
    EXPECT_THAT(RefusalOf(std::string("Get(A): A (deadline_ms: \"") + value + "\");"),
                HasSubstr("is not a number of 1 to 86400000"))
        << value;
  }
  EXPECT_EQ(RefusalOf("Get(A): A (deadline_ms: \"86400000\");"), "");
}

TEST(Refuses, AWayToStreamThatThereIsNot) {
  EXPECT_THAT(RefusalOf("Get(A): A (streaming: \"bidi\");"),
              HasSubstr("write \"server\", \"client\" or \"both\""));
}

TEST(Refuses, OneWayWithAnAnswerOrAStream) {
  EXPECT_THAT(RefusalOf("Get(A): A (one_way);"), HasSubstr("nobody gets the fields of its A"));
  EXPECT_THAT(RefusalOf("Get(A): E (one_way, streaming: \"server\");"),
              HasSubstr("both one_way and streaming"));
  EXPECT_EQ(RefusalOf("Get(A): E (one_way);"), "");
}

TEST(Refuses, NamesThatStubsCannotHave) {
  EXPECT_THAT(RefusalOf("delete(A): A;"), HasSubstr("shop.Stock/delete: delete is a word of C++"));
  EXPECT_THAT(RefusalOf("RegisterOn(A): A;"),
              HasSubstr("the name of a function of the server's base class"));
  EXPECT_THAT(RefusalOf("StockClient(A): A;"), HasSubstr("the name of the client's class"));
  EXPECT_THAT(RefusalOf("Get(A): A; GetAsync(A): A;"),
              HasSubstr("shop.Stock/GetAsync: its stub GetAsync would have the name of a stub of "
                        "the method Get"));
  EXPECT_THAT(RefusalOf("Get(A): A;", "table StockClient { x: int; }"),
              HasSubstr("its stub StockClient would have the name of a type of the schema"));
  EXPECT_THAT(RefusalOf("bitand(A): A;"), HasSubstr("bitand is a word of C++"));
  EXPECT_THAT(RefusalOf("StockMethods(A): A;"), HasSubstr("the name of the table of its methods"));
  EXPECT_THAT(RefusalOf("PayloadT(A): A;"),
              HasSubstr("the name of a template parameter of the client"));
  EXPECT_THAT(RefusalOf("Get(A): delete;", "table delete { x: int; }"),
              HasSubstr("shop.Stock/Get: the name of its table delete is a word of C++"));
  EXPECT_THAT(RefusalOf("Get(A): A;", "enum StockMethods: byte { A }"),
              HasSubstr("its stub StockMethods"));
}

TEST(Refuses, NamespacesAndTypesThatHideThoseOfTheStubs) {
  const auto refusal = [](std::string_view space) {
    const std::string schema = "namespace " + std::string(space) +
                               "; table A { x: int; } rpc_service Stock { Get(A): A; }";
    return std::string(ReadSchema("shop/stock.fbs", BfbsOf(schema)).status().message());
  };
  EXPECT_THAT(
      refusal("shop.jackfield"),
      HasSubstr("within the namespace shop.jackfield its stubs would not find ::jackfield"));
  EXPECT_THAT(refusal("shop.std.v1"), HasSubstr("name that part of it otherwise than \"std\""));
  EXPECT_EQ(refusal("jackfield.shop"), "");
  EXPECT_THAT(refusal("shop.new.v1"), HasSubstr("new, a part of its namespace, is a word of C++"));
  EXPECT_THAT(refusal("export"), HasSubstr("export, a part of its namespace"));
  EXPECT_THAT(RefusalOf("Get(A): A;", "table absl { x: int; }"),
              HasSubstr("beside the type shop.absl its stubs would not find the namespace absl"));
}

TEST(Refuses, TwoMethodsOfOneMessageType) {
  // Found by trying names; the hashes are compared so that the test cannot outlive the algorithm.
  SchemaModel model;
  model.source = "shop/stock.fbs";
  const std::string one = "shop.Stock/Hwghuo", two = "shop.Stock/Irqfmi";
  ASSERT_EQ(Fnv32(one), Fnv32(two));
  ServiceModel& service = model.services.emplace_back();
  service.full_name = "shop.Stock";
  for (const std::string& name : {one, two}) {
    MethodModel& method = service.methods.emplace_back();
    method.full_name = name;
    method.name = name.substr(service.full_name.size() + 1);
  }
  EXPECT_THAT(
      std::string(CheckHashes(model).message()),
      HasSubstr("shop/stock.fbs: shop.Stock/Irqfmi: it has the message type of shop.Stock/Hwghuo"));
  service.methods.pop_back();
  EXPECT_TRUE(CheckHashes(model).ok());
}

}  // namespace
}  // namespace jackfield::stubs
