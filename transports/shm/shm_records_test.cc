#include "transports/shm/shm_records.h"

#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"

namespace jackfield {
namespace {

ShmHello Good() {
  ShmHello hello;
  hello.lane_bytes = 1 << 20;
  hello.data_offset = 8192;
  hello.bell = 1;
  hello.fd_count = 3;
  return hello;
}

// docs/WIRE.md shows these bytes.
TEST(ShmRecordsTest, TheBytesOfAHello) {
  const ShmHello hello = Good();
  const auto* bytes = reinterpret_cast<const unsigned char*>(&hello);
  const unsigned char want[64] = {'J', 'F', 'L', 'D', 'S', 'H', 'M', '1', 1, 0, 0,
                                  0,   64,  0,   0,   0,   0,   0,   16,  0, 0, 0,
                                  0,   0,   0,   32,  0,   0,   1,   0,   0, 0, 3};
  EXPECT_EQ(std::memcmp(bytes, want, sizeof want), 0);
}

TEST(ShmRecordsTest, AGoodHelloIsTaken) {
  EXPECT_TRUE(CheckHello(Good(), 3).ok());
  ShmHello socket = Good();
  socket.bell = 2;
  socket.fd_count = 1;
  EXPECT_TRUE(CheckHello(socket, 1).ok());
}

TEST(ShmRecordsTest, EachWrongFieldIsRefused) {
  const auto refused = [](auto change, size_t fds = 3) {
    ShmHello hello = Good();
    change(hello);
    return !CheckHello(hello, fds).ok();
  };
  EXPECT_TRUE(refused([](ShmHello& hello) { hello.magic ^= 1; }));
  EXPECT_TRUE(refused([](ShmHello& hello) { hello.record_bytes = 63; }));
  EXPECT_TRUE(refused([](ShmHello& hello) { hello.bell = 0; }));
  EXPECT_TRUE(refused([](ShmHello& hello) { hello.bell = 3; }));
  EXPECT_TRUE(refused([](ShmHello& hello) { hello.fd_count = 2; }));
  EXPECT_TRUE(refused([](ShmHello&) {}, 2)) << "fewer descriptors than said";
  EXPECT_TRUE(refused([](ShmHello&) {}, 4)) << "more descriptors than said";
  EXPECT_TRUE(refused([](ShmHello& hello) { hello.reserved[6] = 1; }));
  for (const uint64_t lane_bytes : {uint64_t{0}, uint64_t{4096}, uint64_t{(1 << 20) + 8},
                                    uint64_t{1} << 31, uint64_t{1} << 63}) {
    EXPECT_TRUE(refused([&](ShmHello& hello) { hello.lane_bytes = lane_bytes; })) << lane_bytes;
  }
}

TEST(ShmRecordsTest, AnotherVersionIsRefusedWithBothNumbers) {
  ShmHello hello = Good();
  hello.version = 7;
  const absl::Status status = CheckHello(hello, 3);
  EXPECT_EQ(ReasonOf(status), Reason::kVersion);
  const std::string text(status.message());
  EXPECT_NE(text.find("version 7"), std::string::npos) << text;
  EXPECT_NE(text.find("version 1"), std::string::npos) << text;
}

TEST(ShmRecordsTest, ARefusalArrivesAsItWasMeantAndEscaped) {
  const ShmWelcome refusal =
      RefusalOf(MakeStatus(Outcome::kRefused, Reason::kPermission, "not \x1b[2J you"));
  const absl::Status status = StatusOf(refusal);
  EXPECT_EQ(ReasonOf(status), Reason::kPermission);
  EXPECT_EQ(std::string(status.message()), "refused by the server: not \\x1b[2J you");
  EXPECT_TRUE(StatusOf(ShmWelcome()).ok());
}

TEST(ShmRecordsTest, AHostileRefusalStaysWithinItsBytes) {
  ShmWelcome refusal;
  std::memset(refusal.text, 'x', sizeof refusal.text);
  refusal.reason = 0xffffffff;
  refusal.text_bytes = 0xffffffff;
  const absl::Status status = StatusOf(refusal);
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused);
  EXPECT_LT(status.message().size(), 300u);
  refusal.magic = 0;
  EXPECT_FALSE(StatusOf(refusal).ok());
}

TEST(ShmRecordsTest, ALongRefusalIsCut) {
  const std::string text(1000, 'y');
  const ShmWelcome refusal = RefusalOf(absl::InternalError(text));
  EXPECT_EQ(refusal.text_bytes, sizeof refusal.text);
  EXPECT_FALSE(StatusOf(refusal).ok());
}

}  // namespace
}  // namespace jackfield
