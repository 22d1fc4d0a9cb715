// The POSIX queues that this user's programs hold or have left behind.
#ifndef JACKFIELD_TRANSPORTS_MQ_MQ_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_MQ_MQ_RESOURCES_H_

#include <memory>
#include <string>

#include "transports/resources.h"

namespace jackfield {

std::unique_ptr<Resources> MakeMqResources();

// Removes the queues of clients of the server of `queue` that died before it had heard of them. A
// server does it when it begins and when it ends. Says so on stderr.
void RemoveQueuesOfDeadClients(const std::string& queue);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MQ_MQ_RESOURCES_H_
