#include "tests/conformance/service.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield::conformance {
namespace {

template <class T = uint32_t>
T ParseNumber(std::string_view text) {
  T number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The text up to the next line break, which is taken out of `rest` with it.
std::string_view TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  return line;
}

void Answer(ServerCall& call, std::string_view text) { call.Reply(Bytes(text)).IgnoreError(); }

struct Setting {
  std::string_view key;
  uint32_t ServerSetup::*field;
};
constexpr Setting kSettings[] = {
    {"handlers_max", &ServerSetup::handlers_max},
    {"sessions_max", &ServerSetup::sessions_max},
    {"window_units", &ServerSetup::window_units},
    {"stream_items", &ServerSetup::stream_items},
    {"frame_bytes_max", &ServerSetup::frame_bytes_max},
    {"reentrant", &ServerSetup::reentrant},
    {"pull", &ServerSetup::pull},
};

}  // namespace

std::string Pattern(uint32_t number, size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(number * 31 + i * 7 + (i >> 8));
  std::memcpy(text.data(), &number, std::min<size_t>(4, bytes));
  return text;
}

uint32_t NumberOf(std::span<const std::byte> bytes) {
  uint32_t number = 0;
  if (!bytes.empty()) std::memcpy(&number, bytes.data(), std::min<size_t>(4, bytes.size()));
  return number;
}

bool IsPattern(uint32_t number, std::span<const std::byte> bytes) {
  const std::string want = Pattern(number, bytes.size());
  return bytes.empty() || std::memcmp(want.data(), bytes.data(), bytes.size()) == 0;
}

std::string Onward::ToText() const {
  return Text(address, "\n", type, "\n", timeout_us, "\n", linger_us, "\n", detached, "\n",
              payload);
}

Onward Onward::FromText(std::string_view text) {
  Onward onward;
  onward.address = std::string(TakeLine(text));
  onward.type = ParseNumber(TakeLine(text));
  onward.timeout_us = ParseNumber<int64_t>(TakeLine(text));
  onward.linger_us = ParseNumber(TakeLine(text));
  onward.detached = ParseNumber(TakeLine(text));
  onward.payload = std::string(text);
  return onward;
}

std::vector<std::string> ServerSetup::ToArgs() const {
  std::vector<std::string> args;
  for (const Setting& setting : kSettings)
    args.push_back(Text(setting.key, "=", this->*setting.field));
  return args;
}

ServerSetup ServerSetup::FromArgs(std::span<char* const> args) {
  ServerSetup setup;
  for (const std::string_view arg : args) {
    for (const Setting& setting : kSettings) {
      if (arg.substr(0, arg.find('=')) == setting.key)
        setup.*setting.field = ParseNumber(arg.substr(setting.key.size() + 1));
    }
  }
  return setup;
}

PortOptions ServerSetup::ToPortOptions() const {
  PortOptions options;
  options.handlers_max = handlers_max;
  options.sessions_max = sessions_max;
  options.reentrant = reentrant != 0;
  options.session.window_units = window_units;
  options.session.stream_items = stream_items;
  options.session.frame_bytes_max = frame_bytes_max;
  return options;
}

TestService::TestService(Port& port, const ServerSetup& setup) : port_(port) {
  if (setup.pull != 0) {
    port.KeepForReceive();
    port.node().Spawn(Pull(port.node()));
    return;
  }
  port.Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  port.Handle(kNote, [this](ServerCall& call) { TakeNote(call); });
  port.Handle(kNotes, [this](ServerCall& call) {
    std::string text;
    for (const std::string& note : notes_) text += note + " ";
    Answer(call, text);
  });
  port.Handle(kWho, [](ServerCall& call) {
    const PeerIdentity peer = call.peer();
    Answer(call, Text(int{peer.known}, " ", peer.uid, " ", peer.pid));
  });
  port.Handle(kRemaining, [](ServerCall& call) { Answer(call, Text(call.remaining() / 1us)); });
  port.Handle(kFds, [](ServerCall& call) {
    std::string text = Text(call.message().fd_count(), " ");
    for (size_t i = 0; i < call.message().fd_count(); ++i) {
      const int fd = call.message().TakeFd(i);
      char buffer[64];
      const ssize_t got = read(fd, buffer, sizeof buffer);
      text.append(buffer, got > 0 ? static_cast<size_t>(got) : 0);
      close(fd);
    }
    if (!call.one_way()) Answer(call, text);
  });
  port.Handle(kWaitForCancel, [this](ServerCall& call) {
    call.Hold();
    call.OnCancel([this, &call] {
      ++cancels_;
      call.Fail(absl::CancelledError("as asked")).IgnoreError();
    });
  });
  port.Handle(kCancels, [this](ServerCall& call) { Answer(call, Text(cancels_)); });
  port.Handle(kKeep, [this](ServerCall& call) {
    call.Hold();
    kept_.push_back(&call);
  });
  port.Handle(kRelease, [this](ServerCall& call) {
    for (ServerCall* kept : kept_) Answer(*kept, "late");
    Answer(call, Text(kept_.size()));
    kept_.clear();
  });
  port.Handle(kPeak, [this](ServerCall& call) { Answer(call, Text(peak_)); });
  port.Handle(kLedger, [this](ServerCall& call) {
    const Ledger ledger = port_.ledger();
    Answer(call, Text(ledger.received, " ", ledger.handled, " ", ledger.expired, " ", ledger.stale,
                      " ", ledger.late));
  });
  port.Handle(kFail, [](ServerCall& call) {
    call.Fail(absl::NotFoundError(std::string(call.message().text()))).IgnoreError();
  });
  port.Handle(kNoAnswer, [](ServerCall&) {});
  port.Handle(kPriority, [](ServerCall& call) { Answer(call, Text(int{call.priority()})); });
  port.Handle(kBlock, [this](ServerCall& call) { Block(call); });
  port.HandleTask(kRelay, [this](ServerCall& call) { return Relay(call); });
  port.HandleTask(kTell, [this](ServerCall& call) { return Tell(call); });
  port.HandleTask(kGate, [this](ServerCall& call) { return Gate(call); });
  port.HandleTask(kDown, [this](ServerCall& call) { return Down(call); });
  port.HandleTask(kUp, [this](ServerCall& call) { return Up(call); });
  port.HandleTask(kBoth, [this](ServerCall& call) { return Both(call); });
  port.HandleTask(kLinger, [this](ServerCall& call) { return Linger(call); });
}

void TestService::TakeNote(ServerCall& call) {
  const uint32_t number = NumberOf(call.payload());
  notes_.push_back(IsPattern(number, call.payload()) ? Text(number) : "corrupt");
}

Task<absl::Status> TestService::Gate(ServerCall& call) {
  while (const std::optional<Message> item = co_await call.stream()->Read()) {
  }
  co_return call.Reply(Bytes("open"));
}

Task<absl::Status> TestService::Down(ServerCall& call) {
  const std::string_view text = call.message().text();
  const uint32_t items = ParseNumber(text);
  const uint32_t bytes = ParseNumber(text.substr(text.find(' ') + 1));
  for (uint32_t i = 0; i < items; ++i) {
    const std::string item = Pattern(i, bytes);
    if (const absl::Status sent = co_await call.stream()->Write(Bytes(item)); !sent.ok())
      co_return sent;
  }
  co_return call.Reply(Bytes("done"));
}

Task<absl::Status> TestService::Up(ServerCall& call) {
  uint32_t good = 0;
  while (std::optional<Message> item = co_await call.stream()->Read()) {
    if (IsPattern(good, item->payload())) ++good;
  }
  co_return call.Reply(Bytes(Text(good)));
}

Task<absl::Status> TestService::Both(ServerCall& call) {
  while (std::optional<Message> item = co_await call.stream()->Read()) {
    if (const absl::Status sent = co_await call.stream()->Write(Bytes(item->payload())); !sent.ok())
      co_return sent;
  }
  co_return call.Reply(Bytes("done"));
}

Task<absl::Status> TestService::Linger(ServerCall& call) {
  peak_ = std::max(peak_, ++lingering_);
  co_await call.node().Sleep(std::chrono::microseconds(ParseNumber(call.message().text())));
  --lingering_;
  co_return call.Reply(Bytes(call.payload()));
}

Channel* TestService::ChannelTo(ServerCall& call, const std::string& address) {
  std::unique_ptr<Channel>& channel = onward_[address];
  if (channel == nullptr) {
    absl::StatusOr<std::unique_ptr<Channel>> opened = Channel::Open(call.node(), address);
    if (!opened.ok()) {
      call.Fail(opened.status()).IgnoreError();
      return nullptr;
    }
    channel = *std::move(opened);
  }
  return channel.get();
}

Task<absl::Status> TestService::Relay(ServerCall& call) {
  const Onward onward = Onward::FromText(call.message().text());
  Channel* channel = ChannelTo(call, onward.address);
  if (channel == nullptr) co_return absl::OkStatus();
  if (onward.linger_us != 0)
    co_await call.node().Sleep(std::chrono::microseconds(onward.linger_us));
  CallOptions options;
  options.timeout = std::chrono::microseconds(onward.timeout_us);
  options.detached = onward.detached != 0;
  const absl::StatusOr<Message> reply =
      co_await channel->Call(onward.type, Bytes(onward.payload), options);
  if (!reply.ok()) co_return reply.status();
  co_return call.Reply(Bytes(reply->payload()));
}

Task<absl::Status> TestService::Tell(ServerCall& call) {
  const Onward onward = Onward::FromText(call.message().text());
  Channel* channel = ChannelTo(call, onward.address);
  if (channel == nullptr) co_return absl::OkStatus();
  const absl::Status sent = co_await channel->Send(onward.type, Bytes(onward.payload));
  if (!sent.ok()) co_return sent;
  co_return call.Reply(Bytes("told"));
}

void TestService::Block(ServerCall& call) {
  const Onward onward = Onward::FromText(call.message().text());
  Channel* channel = ChannelTo(call, onward.address);
  if (channel == nullptr) return;
  const absl::Status opened = channel->WaitOpen();
  const absl::StatusOr<Message> reply = channel->Call(onward.type, Bytes(onward.payload)).Wait();
  Answer(call, Text(Name(OutcomeOf(opened)), " ", Name(ReasonOf(opened)), " ",
                    Name(OutcomeOf(reply.status())), " ", Name(ReasonOf(reply.status())), " ",
                    std::string(reply.status().message())));
}

Task<void> TestService::Pull(Node&) {
  // Named: GCC 12 does not compile a braced list inside co_await.
  std::vector<uint32_t> only_echo = {kEcho};
  const std::vector<uint32_t> any;
  ServerCall* echo = co_await port_.Receive(std::move(only_echo));
  if (echo == nullptr) co_return;
  Answer(*echo, Text(port_.waiting()));
  port_.Finish(*echo);
  for (;;) {
    ServerCall* call = co_await port_.Receive(any);
    if (call == nullptr) co_return;
    if (call->type() == kNote) {
      TakeNote(*call);
    } else if (!call->one_way()) {
      std::string text;
      for (const std::string& note : notes_) text += note + " ";
      Answer(*call, text);
    }
    port_.Finish(*call);
  }
}

}  // namespace jackfield::conformance
