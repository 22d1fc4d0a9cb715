// `jackfield schema`: what a running service says of itself, in a file; and two of them held
// against each other, from files and from services. The rules are services/reflection's, and tested
// there.
#include <signal.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;

struct Ended {
  int exit_status;
  std::string out, err;
};

constexpr std::string_view kOld =
    "namespace kv;\ntable Key { key: string (required); }\ntable Value { value: string; age: int; "
    "}\n"
    "/// Keeps nothing.\nrpc_service Store { Get(Key): Value; }\n";
constexpr std::string_view kGood =
    "namespace kv;\ntable Key { key: string (required); }\ntable Value { value: string; age: int; "
    "by: string; }\nrpc_service Store { Get(Key): Value; Put(Value): Key; }\n";
constexpr std::string_view kBad =
    "namespace kv;\ntable Key { key: string (required); }\ntable Value { value: string; age: long; "
    "}\nrpc_service Store { Fetch(Key): Value; }\n";

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() {
    directory_.Write("old.fbs", kOld);
    directory_.Write("good.fbs", kGood);
    directory_.Write("bad.fbs", kBad);
    service_ = std::make_unique<Command>(
        std::vector<std::string>{"serve", Address(), "--schema", "old.fbs", "--", "/bin/cat"},
        directory_.path());
    EXPECT_TRUE(service_->WaitForStderr("# serves unix:")) << service_->err();
  }
  std::string Address() const { return "unix:" + directory_.path() + "/s"; }
  Ended Schema(std::vector<std::string> words) const {
    words.insert(words.begin(), "schema");
    Command command(words, directory_.path());
    const int exit_status = command.Wait();
    return {exit_status, command.out(), command.err()};
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Command> service_;
};

TEST_F(SchemaTest, AProgramBuiltFromAnotherSchemaIsToldWhatDoesNotGoTogether) {
  directory_.Write("topics.fbs",
                   "namespace jackfield.topics;\ntable Message { topic: int; payload: [ubyte]; }\n"
                   "table Published { sequence: ulong; }\n"
                   "rpc_service Topics { Publish(Message): Published; }\n");
  const std::string address = "unix:" + directory_.path() + "/topics";
  Command topics({"serve", address, "--schema", "topics.fbs", "--", "/bin/cat"}, directory_.path());
  ASSERT_TRUE(topics.WaitForStderr("# serves unix:")) << topics.err();
  Command pub({"pub", address, "a.b", "hello"}, directory_.path());
  EXPECT_NE(pub.Wait(), 0);
  EXPECT_THAT(pub.err(), HasSubstr("the schemas of jackfield.topics.Topics here and there do not "
                                   "go together: "));
  EXPECT_THAT(pub.err(), HasSubstr("jackfield.topics.Message.topic: "));
}

TEST_F(SchemaTest, WhatIsExportedIsWhatTheServiceServes) {
  EXPECT_EQ(Schema({"export", Address(), "-o", "out.bfbs"}).exit_status, 0);
  EXPECT_EQ(Schema({"check", "old.fbs", "out.bfbs"}).out, "compatible\n");
  EXPECT_EQ(Schema({"check", "out.bfbs", "old.fbs"}).out, "compatible\n");
  std::ostringstream file;
  file << std::ifstream(directory_.path() + "/out.bfbs").rdbuf();
  EXPECT_EQ(Schema({"export", Address()}).out, file.str())
      << "the same on stdout, where no terminal is";
  EXPECT_THAT(file.str(), HasSubstr("Keeps nothing.")) << "comments and all";
}

TEST_F(SchemaTest, TextIsASchemaToo) {
  const Ended text = Schema({"export", Address(), "--text", "-o", "text.fbs"});
  EXPECT_EQ(text.exit_status, 0) << text.err;
  EXPECT_EQ(Schema({"check", "text.fbs", Address()}).out, "compatible\n");
  EXPECT_THAT(Schema({"export", Address(), "-t", "-i", "Store"}).out,
              HasSubstr("rpc_service Store {"));
}

TEST_F(SchemaTest, GoodChangesAreCompatibleWithFilesAndServices) {
  for (const std::string& old : {std::string("old.fbs"), Address()}) {
    const Ended end = Schema({"check", old, "good.fbs"});
    EXPECT_EQ(end.exit_status, 0) << end.out << end.err;
    EXPECT_EQ(end.out, "compatible\n");
  }
}

TEST_F(SchemaTest, EachBadChangeIsALineAndTheExitStatusIs1) {
  for (const std::string& old : {std::string("old.fbs"), Address()}) {
    const Ended end = Schema({"check", old, "bad.fbs"});
    EXPECT_EQ(end.exit_status, 1);
    EXPECT_EQ(end.out,
              "kv.Store/Get: is gone; Fetch is new, but a call is known by its method's name\n");
    EXPECT_EQ(end.err, "jackfield: one change is not compatible\n");
  }
  const Ended back = Schema({"check", "good.fbs", Address()});
  EXPECT_EQ(back.exit_status, 1) << "the other way round something is gone";
  EXPECT_EQ(back.out,
            "kv.Value.by: is gone; to give it up, keep it, marked (deprecated)\n"
            "kv.Store/Put: is gone\n");
}

TEST_F(SchemaTest, WhatIsNoSchemaIsSaidWithItsPlace) {
  directory_.Write("broken.fbs", "namespace kv;\ntable Key { key: sting; }\n");
  directory_.Write("noise.bfbs", std::string("\0\1\2", 3));
  Ended end = Schema({"check", "old.fbs", "broken.fbs"});
  EXPECT_EQ(end.exit_status, 2);
  EXPECT_THAT(end.err, HasSubstr("jackfield: schema: broken.fbs: "));
  EXPECT_THAT(end.err, HasSubstr("sting"));
  end = Schema({"check", "noise.bfbs", "old.fbs"});
  EXPECT_EQ(end.exit_status, 2);
  EXPECT_THAT(end.err, HasSubstr("neither .fbs text nor a .bfbs"));
  end = Schema({"check", "old.fbs", "gone.fbs"});
  EXPECT_EQ(end.exit_status, 2);
  EXPECT_THAT(end.err, HasSubstr("cannot read gone.fbs: No such file or directory"));
}

}  // namespace
}  // namespace jackfield
