// `jackfield ps -o json` prints the table jackfield.init.Wiring: what it prints is read back by the
// schema, strictly, and is the wiring that is up.
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "flatbuffers/idl.h"
#include "gtest/gtest.h"
#include "services/init/init_service.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class PsTest : public ::testing::Test {
 protected:
  std::string Wiring() {
    return directory_.Write("asks.toml",
                            "jackfield = 1\nover = \"unix:\"\n[service.asker]\nrun = \"asker\"\n"
                            "calls = { count = { service = \"server\" } }\n"
                            "[service.server]\nrun = \"count\"\nrestart = \"on-failure\"\n");
  }
  static std::string NameOf(const Command& up) { return "asks@" + std::to_string(up.pid()); }

  // As a reader that has nothing but the schema. nullptr: it is no JSON, or not that table.
  const init::Wiring* Read(const std::string& json) {
    flatbuffers::IDLOptions options;
    options.strict_json = true;
    parser_ = std::make_unique<flatbuffers::Parser>(options);
    const std::string_view schema = init::kInitInterface.schema;
    const bool read =
        parser_->Deserialize(reinterpret_cast<const uint8_t*>(schema.data()), schema.size()) &&
        parser_->SetRootType("jackfield.init.Wiring") && parser_->ParseJson(json.c_str());
    EXPECT_TRUE(read) << parser_->error_ << "\n" << json;
    return read ? flatbuffers::GetRoot<init::Wiring>(parser_->builder_.GetBufferPointer())
                : nullptr;
  }
  static const init::Service* Find(const init::Wiring& wiring, std::string_view name) {
    for (const init::Service* service : *wiring.services()) {
      if (service->name()->string_view() == name) return service;
    }
    return nullptr;
  }
  TemporaryDirectory directory_;
  std::unique_ptr<flatbuffers::Parser> parser_;
};

TEST_F(PsTest, JsonIsOneObjectOfTheSchemaAndSaysWhatIsUp) {
  Command up({"up", Wiring()});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const std::string json = OutputOf({"ps", "-o", "json", NameOf(up)});
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1) << "one line where it is no terminal";
  const init::Wiring* wiring = Read(json);
  ASSERT_NE(wiring, nullptr);
  EXPECT_EQ(wiring->name()->str(), "asks");
  EXPECT_EQ(wiring->pid(), up.pid());
  EXPECT_GT(wiring->up_ns(), 0);
  ASSERT_EQ(wiring->services()->size(), 2u);
  const init::Service* server = Find(*wiring, "server");
  ASSERT_NE(server, nullptr) << json;
  EXPECT_EQ(server->pid(), up.PidOf("server"));
  EXPECT_EQ(server->state(), init::State::Ready);
  EXPECT_NE(json.find("\"state\": \"Ready\""), std::string::npos) << "by its name: " << json;
  EXPECT_GT(server->restarts_max(), 0u);
  ASSERT_EQ(server->serves()->size(), 1u);
  const init::Service* asker = Find(*wiring, "asker");
  ASSERT_NE(asker, nullptr) << json;
  ASSERT_EQ(asker->calls()->size(), 1u);
  const init::Call& call = *asker->calls()->Get(0);
  EXPECT_EQ(call.role()->str(), "count");
  EXPECT_EQ(call.service()->str(), "server");
  EXPECT_EQ(call.address()->str(), server->serves()->Get(0)->str());
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

TEST_F(PsTest, JsonTellsWhoIsStopped) {
  Command up({"up", Wiring()});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  for (const bool stopped : {true, false}) {
    kill(up.PidOf("server"), stopped ? SIGSTOP : SIGCONT);
    // A signal is carried out when the process is next run.
    const init::Service* server = nullptr;
    for (int i = 0; i < 200 && (server == nullptr || server->stopped() != stopped); ++i) {
      const init::Wiring* wiring = Read(OutputOf({"ps", "--output=json", NameOf(up)}));
      ASSERT_NE(wiring, nullptr);
      server = Find(*wiring, "server");
      ASSERT_NE(server, nullptr);
    }
    EXPECT_EQ(server->stopped(), stopped);
  }
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

TEST_F(PsTest, WithoutDataStdoutStaysEmpty) {
  for (const auto& [format, status] : {std::pair{"yaml", 2}, std::pair{"json", 3}}) {
    Command ps({"ps", "-o", format, "no-such-wiring"});
    EXPECT_EQ(ps.Wait(), status) << ps.err();
    EXPECT_EQ(ps.out(), "");
    EXPECT_NE(ps.err(), "");
  }
}

}  // namespace
}  // namespace jackfield
