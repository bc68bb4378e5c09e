# The alerts that no script in ./scripts provokes, each with the reason; promtool fires every one of
# them on synthetic series (../rules).
{
  Oversold = "the store refuses it: a test that provoked it would have found the bug";
  OrdersFailSlowly = "looks back over one and three days, and is silent while OrdersFailFast fires, for half an hour";
  OrdersSlowSlowly = "the same, while OrdersSlowFast fires";
  DiskFilling = "looks back over six hours, and has to hold for one";
  HostMemoryLow = "a machine shares the memory of the host that tests it";
  StoreSlow = "a machine shares the disk of the host that tests it";
  StoreQueueLong = "the same; only a slow disk lets a hundred writes wait for a minute";
  TracesNotStored = "Jaeger holds traces in memory here, where a write does not fail";
  RulesFail = "promtool refuses a rule that would fail before it gets into a configuration";
}
