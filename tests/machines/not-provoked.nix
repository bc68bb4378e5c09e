# The alerts of which no alerts-*.py in ./scripts waits until somebody is told, each with the reason; promtool fires every one of
# them on synthetic series (../rules).
{
  SignInFails = "the machines of those scripts sign nobody in; scripts/sign-in.py does, and waits for nobody to be told";
  TokensForged = "the same";
  InstanceEjected = "a machine runs one instance of each service; tests/resilience/balancing.rs ejects one of three and reads the metric";
  RetryBudgetSpent = "the same";
  CallerRefused = "the machines of those scripts have no identities; scripts/identity.py has one refused and sees the alert begin, and waits for nobody to be told";
  IdentityExpiring = "the same, with a timer that is stopped";
  LoadShed = "scripts/scenarios.py has a service refuse and sees the alert begin, and waits for nobody to be told";
  Oversold = "the store refuses it: a test that provoked it would have found the bug";
  OrdersFailSlowly = "looks back over one and three days, and is silent while OrdersFailFast fires, for half an hour";
  OrdersSlowSlowly = "the same, while OrdersSlowFast fires";
  DiskFilling = "looks back over six hours, and has to hold for one";
  HostMemoryLow = "a machine shares the memory of the host that tests it";
  StoreSlow = "scripts/scenarios.py makes the disk slow and sees the alert begin, and waits for nobody to be told";
  StoreQueueLong = "a machine shares the disk of the host that tests it: only a slow disk lets a hundred writes wait for a minute";
  TracesNotStored = "not tried: Jaeger's store gathers spans in memory, and a full disk fails its writes later";
  AnomalyDetectorBehind = "a Prometheus that answers no query tells nobody either; that the detector waits and goes on is held by its own tests";
  RulesFail = "promtool refuses a rule that would fail before it gets into a configuration";
}
