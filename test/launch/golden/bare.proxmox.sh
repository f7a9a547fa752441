vmid=$(pvesh get /cluster/nextid)
qm create "$vmid" \
  --args '-cpu core2duo,vendor=GenuineIntel -smbios type=2 -device ahci,id=sata -machine smbios-entry-point-type=32 -machine vmport=off -device usb-kbd' \
  --balloon 0 \
  --bios seabios \
  --boot order=sata2 \
  --cores 1 \
  --kvm 0 \
  --localtime 1 \
  --machine pc \
  --memory 2048 \
  --name osx \
  --ostype other \
  --sata2 /a,format=raw \
  --sockets 1 \
  --tablet 0 \
  --vga std
qm start "$vmid"
