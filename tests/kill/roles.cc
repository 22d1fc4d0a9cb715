#include "tests/kill/roles.h"

#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"

namespace jackfield::kill_test {
namespace {

enum Method : uint32_t { kEcho = 1, kNote, kClients };

void Mark(Marks marks) {
  if (marks == Marks::kStop) raise(SIGUSR1);
}

NodeOptions Options() {
  return {.name = "kill", .registry = &conformance::TestRegistry(), .spin_ns = 0};
}

// A payload whose every byte follows from its number.
constexpr size_t kPayloadBytes = 200;
std::string PayloadOf(uint32_t number) {
  std::string payload(kPayloadBytes, '\0');
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(number * 31 + i * 7);
  std::memcpy(payload.data(), &number, sizeof number);
  return payload;
}
bool IsPayload(std::span<const std::byte> bytes, uint32_t* number) {
  if (bytes.size() != kPayloadBytes) return false;
  std::memcpy(number, bytes.data(), sizeof *number);
  return std::memcmp(PayloadOf(*number).data(), bytes.data(), bytes.size()) == 0;
}

}  // namespace

int RunClient(const std::string& address, const Work& work, Marks marks, Ledger& ledger) {
  ClientLedger& mine = ledger.client;
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create(Options());
  if (!node.ok()) return 3;
  {
    Mark(marks);
    ChannelOptions options;
    options.reconnect = false;  // its ledger is of one instance
    options.timeout = 20s;      // who runs into it was left waiting
    options.connect_timeout = std::chrono::microseconds(work.connect_us);
    absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(**node, address, options);
    if (!channel.ok()) return 4;
    if ((*channel)->WaitOpen().ok()) mine.connected = 1;
    Mark(marks);
    for (uint32_t round = 0; round < work.rounds; ++round) {
      for (uint32_t i = 0; i < work.calls; ++i) {
        const std::string payload = PayloadOf(++mine.calls_attempted);
        absl::StatusOr<Message> reply = (*channel)->Call(kEcho, Bytes(payload)).Wait();
        if (reply.ok()) {
          ++mine.calls_told_answered;
          if (reply->payload().size() != payload.size() ||
              std::memcmp(reply->payload().data(), payload.data(), payload.size()) != 0) {
            ++mine.wrong_answers;
          }
        } else if (ReasonOf(reply.status()) == Reason::kDeadline) {
          ++mine.unclear_ends;
        }
      }
      if (round == 0) Mark(marks);
      for (uint32_t i = 0; i < work.notes; ++i) {
        const std::string payload = PayloadOf(++mine.notes_attempted);
        (*channel)->Send(kNote, Bytes(payload)).Wait().IgnoreError();
      }
      if (!(*channel)->ended_why().ok()) break;
    }
    Mark(marks);
    const Receipt receipt = (*channel)->Close(20s);
    // Of calls and notes; a call that was answered was handled.
    const uint64_t handled = receipt.handled;
    const uint32_t calls = mine.calls_told_answered;
    mine.notes_told_handled = static_cast<uint32_t>(handled > calls ? handled - calls : 0);
    Mark(marks);
  }
  node->reset();
  mine.finished = 1;
  return 0;
}

int RunServer(const std::string& address, int ready_fd, Marks marks, Ledger& ledger) {
  ServerLedger& mine = ledger.server;
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create(Options());
  if (!node.ok()) return 3;
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(**node, {address});
  if (!port.ok()) return 4;
  (*port)->Handle(kEcho, [&](ServerCall& call) {
    uint32_t number = 0;
    if (!IsPayload(call.payload(), &number)) ++mine.torn;
    ++mine.calls;
    if (mine.calls == 1) Mark(marks);
    call.Reply(Bytes(call.payload())).IgnoreError();
  });
  (*port)->Handle(kNote, [&](ServerCall& call) {
    uint32_t number = 0;
    if (!IsPayload(call.payload(), &number)) {
      ++mine.torn;
    } else if (number != mine.notes + 1) {
      ++mine.out_of_turn;
    }
    ++mine.notes;
    if (mine.notes == 1) Mark(marks);
  });
  (*port)->Handle(kClients, [&](ServerCall& call) {
    call.Reply(Bytes(Text((*port)->clients()))).IgnoreError();
  });
  (*port)->OnClientGone([&](const std::string&, const absl::Status&) {
    ++mine.clients_gone;
    if (mine.clients_gone == 1) Mark(marks);
  });
  if (!(*port)->WaitServing().ok()) return 5;
  if (write(ready_fd, "r", 1) != 1) return 6;
  Mark(marks);
  return (*node)->Run().ok() ? 0 : 7;
}

std::string AskAsNewClient(const std::string& address, uint32_t clients_wanted) {
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create(Options());
  if (!node.ok()) return "no node";
  absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(**node, address);
  if (!channel.ok()) return std::string(channel.status().message());
  // The server may still be about to learn of a death; a watchdog, no measure.
  std::string clients;
  for (int i = 0; i < 5000; ++i) {
    absl::StatusOr<Message> reply = (*channel)->Call(kClients, Bytes("")).Wait();
    if (!reply.ok()) return std::string(reply.status().message());
    clients.assign(reinterpret_cast<const char*>(reply->payload().data()), reply->payload().size());
    if (clients_wanted == kAnyNumber || clients == Text(clients_wanted)) return "";
    usleep(1000);
  }
  return Text("the server still has ", clients, " clients instead of ", clients_wanted);
}

}  // namespace jackfield::kill_test
