// A service of a wiring that publishes and subscribes to what its arguments say, and prints what
// became of each: "pub:TOPIC=TEXT" publishes, "sub:PATTERN" reads one message of it.
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "services/topics/subscription.h"

namespace jackfield::topics {
namespace {

std::string Published(Channel& channel, const std::string& topic, const std::string& text) {
  const auto message = [&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto name = fbb.CreateString(topic);
    const auto payload =
        fbb.CreateVector(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    return CreateMessage(fbb, name, payload);
  };
  const absl::StatusOr<MessageOf<jackfield::topics::Published>> published =
      TopicsClient(channel).Publish(message).Wait();
  return published.ok() ? "published " + topic : std::string(published.status().message());
}

std::string Read(Channel& channel, std::string_view pattern) {
  const absl::StatusOr<std::unique_ptr<Subscription>> subscription =
      Subscription::Open(channel, pattern);
  if (!subscription.ok()) return std::string(subscription.status().message());
  const absl::StatusOr<TopicItem> item = (*subscription)->Read().Wait();
  if (!item.ok()) return std::string(item.status().message());
  return std::string(item->topic()) + "=" + std::string(item->text());
}

absl::Status Talk(Service& service) {
  const absl::StatusOr<std::unique_ptr<Channel>> channel = service.Connect("topics");
  if (!channel.ok()) return channel.status();
  for (const std::string& deed : service.args()) {
    const std::string what = deed.substr(4);
    const size_t equals = what.find('=');
    const std::string result =
        deed.starts_with("pub:")
            ? Published(**channel, what.substr(0, equals), what.substr(equals + 1))
            : Read(**channel, what);
    std::puts(result.c_str());
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace jackfield::topics

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::topics::Talk);
}
