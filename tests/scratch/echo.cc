#include <unistd.h>
#include <sys/wait.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sched.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include <thread>
#include <fcntl.h>
#include "kernel/channel.h"
#include "kernel/port.h"
#include "kernel/registry.h"
#include "transports/builtin.h"
using namespace jackfield;
constexpr uint32_t kEcho = MessageType("Echo/Say");
int main(int argc, char** argv) {
  std::string addr = argc > 1 ? argv[1] : "unix:@jf-echo";
  size_t size = argc > 2 ? atoi(argv[2]) : 64;
  int n = argc > 3 ? atoi(argv[3]) : 200000;
  bool pin = argc > 4;
  Registry registry; AddBuiltinTransports(registry);
  pid_t child = 0; std::thread th; std::string saddr = addr;
  if (addr.substr(0,5)=="pipe:") { int a[2],b[2]; pipe2(a,O_CLOEXEC); pipe2(b,O_CLOEXEC); auto q=addr.find('?'); std::string ext = q==std::string::npos?"":addr.substr(q);
    saddr = "pipe:fd="+std::to_string(a[0])+","+std::to_string(b[1])+ext; addr="pipe:fd="+std::to_string(b[0])+","+std::to_string(a[1])+ext; 
    child=fork(); if (child==0) { close(a[1]); close(b[0]); } else { close(a[0]); close(b[1]); } }
  else if (addr.substr(0,6)=="inproc") { child = -1; }
  else child = fork();
  auto server = [&] {
    if (child==0) prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto node = Node::Create({.name="echo", .registry=&registry});
    if (!node.ok()) { fprintf(stderr, "%s\n", std::string(node.status().message()).c_str()); _exit(1); }
    auto port = Port::Open(**node, {saddr});
    if (!port.ok()) { fprintf(stderr, "%s\n", std::string(port.status().message()).c_str()); _exit(1); }
    (*port)->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    (*node)->Run();
    _exit(0);
  };
  if (child == 0) server();
  if (child == -1) { th = std::thread(server); th.detach(); }
  if(pin){}
  {
  auto node = Node::Create({.name="client", .registry=&registry});
  auto channel = Channel::Open(**node, addr);
  if (!channel.ok()) { fprintf(stderr, "%s\n", std::string(channel.status().message()).c_str()); return 1; }
  if (auto s = (*channel)->WaitOpen(); !s.ok()) { fprintf(stderr, "%s\n", std::string(s.message()).c_str()); return 1; }
  printf("%s\n", (*channel)->Describe().c_str());
  std::string payload(size, 'x');
  std::vector<int64_t> t; t.reserve(n);
  SystemClock clock;
  for (int i = 0; i < n; i++) {
    int64_t a = clock.NowNs();
    auto reply = (*channel)->Call(kEcho, Bytes(payload)).Wait();
    if (!reply.ok()) { fprintf(stderr, "call: %s\n", std::string(reply.status().message()).c_str()); break; }
    if (reply->payload().size() != size) { fprintf(stderr, "size\n"); break; }
    t.push_back(clock.NowNs() - a);
  }
  std::sort(t.begin(), t.end());
  if (!t.empty()) printf("%zu calls p50 %ld p99 %ld ns\n", t.size(), t[t.size()/2], t[t.size()*99/100]);
  auto l = (*channel)->ledger();
  printf("sent %lu delivered %lu queued %lu\n", l.sent, l.delivered, l.queued());
  auto r = (*channel)->Close(1000000);
  printf("receipt handled %lu delivered %lu undelivered %lu in_doubt %lu\n", r.handled, r.delivered, r.undelivered, r.in_doubt);
  }
  fflush(stdout); if (child == -1) _exit(0);
  kill(child, SIGKILL); waitpid(child, nullptr, 0);
}
