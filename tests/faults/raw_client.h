// The tests of clients made by hand: a real Port on a node of its own, one client of ours that must
// stay well, and raw clients that come and lie.
//
// Thread: the test's, whose waiting turns the node.
#ifndef JACKFIELD_TESTS_FAULTS_RAW_CLIENT_H_
#define JACKFIELD_TESTS_FAULTS_RAW_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "tests/faults/raw_peer.h"

namespace jackfield {

// What the port does: answers with what it was sent; waits to be cancelled; counts the items of a
// stream; shows the test its call and waits to be cancelled.
enum RawMethod : uint32_t { kEcho = 1, kNever, kDrain, kHeld };
inline constexpr uint32_t kRawWindow = 16;

// A request that any port takes, and a frame of another kind, for a test to tell lies in.
RawFrame Request(uint64_t epoch, uint32_t sequence, uint32_t type = kEcho, uint64_t call_id = 7);
RawFrame Of(FrameKind kind, uint64_t epoch, uint32_t sequence = 0, uint64_t call_id = 7);

class RawClientTest : public testing::Test {
 protected:
  void SetUp() override { Serve({}); }
  void TearDown() override;
  // Begins anew with a port of these options.
  void Serve(PortOptions options);

  uint64_t epoch() const { return node_->epoch(); }
  RawPeer Connect() { return RawPeer::ConnectTo(port_->addresses()[0]); }
  RawPeer ConnectAndGreet();

  // The peer has been cut off, with these words; others are well.
  void ExpectCutOff(RawPeer& peer, Reason reason, std::string_view words, const std::string& what);
  void ExpectOthersWell(const std::string& what);
  // The same while the peer stays.
  void ExpectOthersWellBeside(const RawPeer& peer);
  // This session is well: a request of this sequence is answered.
  void ExpectAnswered(RawPeer& peer, uint32_t sequence, const std::string& what);

  uint64_t memory_bytes_max_ = 0;  // of the node, from the next Serve on
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> bystander_;
  absl::Status gone_;           // why the last client went; OK: none has
  ServerCall* held_ = nullptr;  // of kHeld
  int told_ = 0;                // how often it was told of a cancel
};

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_FAULTS_RAW_CLIENT_H_
