// An io_context, virtual time, a log and a task group: what a test of waiting code stands on.
#pragma once

#include "routing/task_group.h"
#include "tests/support/kept_log.h"
#include "tests/support/virtual_timers.h"

namespace cpc::tests {

struct Waiting {
  boost::asio::io_context io;
  VirtualTimers timers{io};
  KeptLog log;
  routing::TaskGroup tasks{io.get_executor(), log};
};

}  // namespace cpc::tests
