# The environment of the back ends that are written in Go: a garbage collector that runs when the heap
# has grown by a third, not when it has doubled. At the load of one host they idle, and it halves what
# they hold beside their code. A tenth is no gain: with ten users it takes 3 MiB of 44 from Prometheus
# and doubles its processor time.
#
# No GOMEMLIMIT: what Badger, Loki and Prometheus have read stays in caches that may grow to hundreds
# of megabytes. With less than these the collector would run without end.
{
  GOGC = "30";
}
