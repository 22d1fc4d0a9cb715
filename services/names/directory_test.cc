// Who is listed, and what watchers hear of it.
#include "services/names/directory.h"

#include <gtest/gtest.h>

#include <memory>

#include "kernel/base/text.h"

namespace jackfield::names {
namespace {

Listed Serving(std::string name, const std::vector<std::string>& interfaces = {}) {
  Listed listed{.name = std::move(name),
                .addresses = {"unix:@a"},
                .interfaces = {},
                .owner = "store",
                .pid = 7};
  for (const std::string& interface : interfaces) listed.interfaces.push_back({interface, 1});
  return listed;
}

class DirectoryTest : public testing::Test {
 protected:
  std::unique_ptr<Directory::Listing> Enter(Listed listed) {
    auto listing = std::make_unique<Directory::Listing>(directory_);
    const absl::Status status = listing->Enter(std::move(listed));
    EXPECT_TRUE(status.ok()) << status;
    return listing;
  }
  std::unique_ptr<Directory::Watcher> Watch(std::string_view name = "",
                                            std::string_view interface = "") {
    return std::make_unique<Directory::Watcher>(directory_, name, interface, [this] { ++woken_; });
  }
  // "+a -b", of all that is to be told
  static std::string Told(Directory::Watcher& watcher) {
    std::string all;
    while (const std::optional<Directory::Watcher::Change> change = watcher.Next())
      all += Text(all.empty() ? "" : " ", change->there != nullptr ? "+" : "-", change->name);
    return all;
  }
  Directory directory_;
  int woken_ = 0;
};

TEST_F(DirectoryTest, WhoIsListedIsFoundUntilItGoes) {
  auto kv = Enter(Serving("kv", {"kv.Store"}));
  ASSERT_TRUE(directory_.Find("kv").ok());
  EXPECT_EQ((*directory_.Find("kv"))->owner, "store");
  kv.reset();
  EXPECT_EQ(directory_.Find("kv").status().code(), absl::StatusCode::kNotFound);
  Enter(Serving("kv"));
  EXPECT_EQ(directory_.names(), 0u);
}

TEST_F(DirectoryTest, ASecondOneOfANameIsRefusedWithWhoHasIt) {
  const auto kv = Enter(Serving("kv"));
  {
    Directory::Listing second(directory_);
    const absl::Status status = second.Enter(Serving("kv"));
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_NE(status.ToString().find("by store, pid 7, at unix:@a"), std::string::npos) << status;
  }
  EXPECT_TRUE(directory_.Find("kv").ok()) << "who was refused takes nothing with it";
}

TEST_F(DirectoryTest, TheNearestNameIsTold) {
  const auto stock = Enter(Serving("stock"));
  EXPECT_NE(directory_.Find("stok").status().ToString().find("did you mean \"stock\"?"),
            std::string::npos);
}

TEST_F(DirectoryTest, LimitsAreToldWithTheirNumbers) {
  const auto why = [this](const Listed& listed) {
    Directory::Listing listing(directory_);
    const absl::Status status = listing.Enter(listed);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return status.ToString();
  };
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a\x01"), std::string(129, 'x')})
    EXPECT_NE(why(Serving(name)).find("1 to 128 bytes"), std::string::npos);
  Listed many = Serving("a");
  many.addresses.assign(kAddressesMax + 1, "unix:@a");
  EXPECT_NE(why(many).find("17 addresses"), std::string::npos);
  many.addresses.assign(kAddressesMax, "unix:@a");
  many.interfaces.assign(kInterfacesMax + 1, {"a.B", 1});
  EXPECT_NE(why(many).find("65 interfaces"), std::string::npos);
  many.interfaces.assign(kInterfacesMax, {"a.B", 1});
  Enter(many);
  many.interfaces[3].name = "";
  why(many);
  many.interfaces[3].name = "b";
  many.addresses[3] = std::string(kTextBytesMax + 1, 'x');
  why(many);
}

TEST_F(DirectoryTest, OneNameMoreThanTheLimitIsRefused) {
  std::vector<std::unique_ptr<Directory::Listing>> all;
  for (size_t i = 0; i < kNamesMax; ++i) all.push_back(Enter(Serving(Text("n", i))));
  Directory::Listing more(directory_);
  EXPECT_EQ(more.Enter(Serving("more")).code(), absl::StatusCode::kResourceExhausted);
  all.pop_back();
  EXPECT_TRUE(more.Enter(Serving("more")).ok());
}

TEST_F(DirectoryTest, AWatcherIsToldWhatThereIsThenWhatChanges) {
  auto b = Enter(Serving("b")), a = Enter(Serving("a"));
  const auto watcher = Watch();
  EXPECT_EQ(Told(*watcher), "+a +b");
  EXPECT_EQ(woken_, 0);
  b.reset();
  const auto c = Enter(Serving("c"));
  EXPECT_EQ(woken_, 2);
  EXPECT_EQ(Told(*watcher), "-b +c");
  EXPECT_EQ(Told(*watcher), "");
}

TEST_F(DirectoryTest, ASlowWatcherIsToldHowThingsAreInTheEnd) {
  auto a = Enter(Serving("a"));
  const auto watcher = Watch();
  EXPECT_EQ(Told(*watcher), "+a");
  for (int i = 0; i < 100; ++i) {
    a.reset();
    a = Enter(Serving("a"));
    Enter(Serving("passing"));
  }
  EXPECT_EQ(Told(*watcher), "+a") << "it was there, it is there anew; who passed was never told";
  a.reset();
  EXPECT_EQ(Told(*watcher), "-a");
}

TEST_F(DirectoryTest, AWatcherOfANameOrAnInterfaceHearsOfNoOther) {
  auto stock = Enter(Serving("stock", {"shop.Stock", "shop.Audit"}));
  auto ledger = Enter(Serving("ledger", {"shop.Ledger"}));
  const auto by_name = Watch("ledger"), by_interface = Watch("", "shop.Stock"),
             of_none = Watch("stock", "shop.Ledger");
  EXPECT_EQ(Told(*by_name), "+ledger");
  EXPECT_EQ(Told(*by_interface), "+stock");
  EXPECT_EQ(Told(*of_none), "");
  stock.reset();
  ledger.reset();
  stock = Enter(Serving("stock", {"shop.Audit"}));
  EXPECT_EQ(Told(*by_name), "-ledger");
  EXPECT_EQ(Told(*by_interface), "-stock") << "who has the name serves something else";
  EXPECT_EQ(Told(*of_none), "");
}

}  // namespace
}  // namespace jackfield::names
