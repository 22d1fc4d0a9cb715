// Any bytes are a packet of the reliable shim or are refused; what its windows are told by a packet
// leaves them sound; what was read can be written, and gives the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "kernel/base/check.h"
#include "transports/shim/reliable/packet.h"
#include "transports/shim/reliable/packets_seen.h"
#include "transports/shim/reliable/receive_window.h"
#include "transports/shim/reliable/send_window.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jackfield;
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  if (size >= Packet::kHeaderBytes) {  // the sum is made to fit, or nothing would get past it
    const uint32_t sum = PacketSum(bytes);
    std::memcpy(bytes.data() + 16, &sum, sizeof sum);
  }
  Packet packet;
  if (packet.Read(bytes) != nullptr) return 0;

  BlockPool pool(1 << 20);
  SendWindow sending(pool, 1200, 1 << 16);
  Packet hello;
  hello.segments_before = 1;
  hello.window_segments = 100;
  sending.OnAck(hello, 0);
  for (int i = 0; i < 20 && sending.has_room(); ++i) {
    const uint32_t segment = sending.Add(std::span(bytes).first(std::min<size_t>(size, 48)));
    if (segment == SendWindow::kNoSegment) return 0;
    sending.OnSent(segment, 100, i);
  }
  sending.OnAck(packet, 1'000'000);
  JF_CHECK(sending.CheckInvariants().ok(), "whatever comes, the window's counts are right");

  PacketsSeen seen;
  seen.Note(packet.segment | 1);
  seen.Note(packet.number | 1);
  if (packet.kind == PacketKind::kData) {
    ReceiveWindow receiving(pool, 64);
    const std::span<const std::byte> segment = std::span(bytes).subspan(packet.header_bytes());
    receiving.Take(packet.segment, segment);
    receiving.Take(1, segment);
  }
  std::vector<std::byte> again = bytes;
  packet.Write(again);
  if (packet.kind != PacketKind::kOpen && packet.kind != PacketKind::kAccept && again != bytes)
    std::abort();
  return 0;
}
