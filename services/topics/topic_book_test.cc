// Last values, what is forgotten, and when a gap can be counted.
#include "services/topics/topic_book.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jackfield/transports.h"
#include "kernel/base/text.h"
#include "services/topics/topics_service.h"

namespace jackfield::topics {
namespace {

class TopicBookTest : public testing::Test {
 protected:
  TopicBookTest() {
    AddBuiltinTransports(registry_);
    node_ = Node::Create({.name = "test", .registry = &registry_}).value();
    book_.emplace();
  }
  ~TopicBookTest() override { book_.reset(); }
  void Note(std::string_view topic, size_t bytes = 4) {
    const std::string payload(bytes, 'x');
    book_->Note(topic, Publication::Make(*node_, topic, std::as_bytes(std::span(payload)),
                                         book_->sequence() + 1, 5));
  }
  std::vector<std::string> Values(std::string_view pattern, uint64_t after = 0,
                                  uint64_t up_to = UINT64_MAX) {
    std::vector<std::string> found;
    std::string topic;
    while (const Publication value = book_->NextValue(pattern, after, up_to, topic))
      found.push_back(Text(topic, "=", value.sequence()));
    return found;
  }
  Registry registry_;
  std::unique_ptr<Node> node_;
  std::optional<TopicBook> book_;
};
using Found = std::vector<std::string>;

TEST_F(TopicBookTest, TheLastValueOfEachTopicIsFoundByThePattern) {
  for (const char* topic : {"b", "a.x", "a.y", "ab", "a.x"}) Note(topic);
  EXPECT_EQ(Values(">"), (Found{"a.x=5", "a.y=3", "ab=4", "b=1"}));
  EXPECT_EQ(Values("a.*"), (Found{"a.x=5", "a.y=3"}));
  EXPECT_EQ(Values("a.y"), (Found{"a.y=3"}));
  EXPECT_EQ(Values("a"), Found{});
  EXPECT_EQ(Values(">", 3, 4), (Found{"ab=4"}));
}

TEST_F(TopicBookTest, AGapIsCountedByThePattern) {
  for (const char* topic : {"a.x", "b", "a.y", "a.x"}) Note(topic);
  EXPECT_EQ(book_->CountBehind("a.*", 0), 3u);
  EXPECT_EQ(book_->CountBehind("a.*", 1), 2u);
  EXPECT_EQ(book_->CountBehind("b", 2), 0u);
  EXPECT_EQ(book_->CountBehind(">", 4), 0u);
  EXPECT_EQ(book_->CountBehind(">", 5), std::nullopt) << "there was no message 5";
  EXPECT_EQ(book_->Count("a.*", 1, 3), 1u);
  EXPECT_EQ(book_->Count("a.*", 3, 1), std::nullopt);
}

TEST_F(TopicBookTest, WhereItBeginsLaterOnlyTheirNumberIsKnownOfThoseBefore) {
  book_->BeginBehind(10);
  Note("a");
  EXPECT_EQ(book_->sequence(), 11u);
  EXPECT_EQ(book_->CountBehind("a", 10), 1u);
  EXPECT_EQ(book_->CountBehind("a", 9), std::nullopt);
  EXPECT_EQ(book_->CountBehind(">", 4), 7u);
}

TEST_F(TopicBookTest, AGapLongerThanItKnowsIsUnknown) {
  for (uint64_t i = 0; i < TopicBook::kNewest; ++i) Note("a");
  EXPECT_EQ(book_->CountBehind("a", 0), TopicBook::kNewest);
  Note("a");
  EXPECT_EQ(book_->CountBehind("a", 0), std::nullopt);
  EXPECT_EQ(book_->CountBehind("a", 1), TopicBook::kNewest);
  EXPECT_EQ(book_->CountBehind(">", 0), TopicBook::kNewest + 1) << "they are all of it";
}

TEST_F(TopicBookTest, BeyondItsBytesTheTopicThatWasLeastLatelyPublishedIsForgotten) {
  Note("old");
  Note("kept");
  for (int i = 0; i < 31; ++i) Note(Text("large.", i), 1 << 20);
  Note("kept");
  EXPECT_EQ(Values("old").size(), 1u);
  for (int i = 31; i < 34; ++i) Note(Text("large.", i), 1 << 20);
  EXPECT_EQ(Values("old"), Found{});
  EXPECT_EQ(Values("large.0"), Found{});
  EXPECT_EQ(Values("kept").size(), 1u);
  EXPECT_EQ(book_->CountBehind("large.*", 1), std::nullopt)
      << "some are of topics that are forgotten";
  EXPECT_EQ(book_->CountBehind("kept", 33), 1u);
}

TEST_F(TopicBookTest, TopicsAreBoundedToo) {
  for (size_t i = 0; i < TopicBook::kTopicsMax + 10; ++i) Note(Text("t.", i), 0);
  EXPECT_EQ(book_->topics(), TopicBook::kTopicsMax);
  EXPECT_EQ(Values("t.9"), Found{});
  EXPECT_EQ(Values("t.10").size(), 1u);
  EXPECT_EQ(book_->CountBehind(">", book_->sequence() - 4096), 4096u);
}

// Subscribers may read the payload as a FlatBuffer, in place.
TEST_F(TopicBookTest, APublicationIsASoundItemWithItsPayloadAligned) {
  for (size_t topic_bytes = 1; topic_bytes < 20; ++topic_bytes) {
    for (size_t bytes = 0; bytes < 20; ++bytes) {
      const std::string topic(topic_bytes, 't'), payload(bytes, 'p');
      const Publication made =
          Publication::Make(*node_, topic, std::as_bytes(std::span(payload)), 3, 5);
      ASSERT_TRUE(made);
      const Item* item = RootOf<Item>(made.bytes());
      ASSERT_NE(item, nullptr);
      EXPECT_EQ(item->topic()->str(), topic);
      EXPECT_EQ(item->payload()->size(), bytes);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(item->payload()->data()) % 8, 0u);
      EXPECT_EQ(item->sequence(), 3u);
      EXPECT_EQ(item->epoch(), 5u);
    }
  }
}

}  // namespace
}  // namespace jackfield::topics
