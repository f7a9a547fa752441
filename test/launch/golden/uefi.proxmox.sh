vmid=$(pvesh get /cluster/nextid)
qm create "$vmid" \
  --args '-cpu Penryn,vendor=GenuineIntel,+sse4.2 -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off -readconfig /etc/smc.cfg -machine smbios-entry-point-type=32 -machine vmport=off -device usb-kbd' \
  --balloon 0 \
  --bios ovmf \
  --boot 'order=sata1;sata2;sata0' \
  --cores 2 \
  --localtime 1 \
  --machine q35 \
  --memory 4096 \
  --name yosemite \
  --net0 e1000-82545em=52:54:00:12:34:56,bridge=vmbr0 \
  --ostype other \
  --sata0 '/iso/Install OS X Yosemite.iso,format=raw,snapshot=1' \
  --sata1 /oc.img,format=raw,snapshot=1 \
  --sata2 /guests/mac.qcow2,format=qcow2 \
  --smbios1 uuid=6f1b6b2e-6a0e-4a1c-8f4e-0123456789ab \
  --sockets 2 \
  --tablet 1 \
  --vga std
# OVMF keeps its variables on a disk of its own, on a storage of yours.
qm set "$vmid" --efidisk0 local-lvm:1,efitype=4m,pre-enrolled-keys=0
qm start "$vmid"
