# What a unit may use, and that its use is counted: `systemctl status` and the node exporter show it.
{ memoryMax, tasksMax, ... }:
{
  IOAccounting = true;
  IPAccounting = true;
  MemoryAccounting = true;
  MemoryMax = memoryMax;
  Slice = (import ./slice.nix).name;
  TasksAccounting = true;
  TasksMax = tasksMax;
}
