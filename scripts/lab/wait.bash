# shellcheck shell=bash
# For whoever waits for the lab's Linux.

LAB_BOOT_LOOKS=1200 # of 0.1 s, that a boot may take on a slow host

# lab_wait FOLDER: until a boot has said that it is ready: its folder into LAB_NOW, what it said into LAB_READY. Else false,
# and LAB_WHY_NOT.
lab_wait() {
	local line='' part control looks=0 now=''
	LAB_WHY_NOT=''
	while true; do
		if [[ -e $1/failed ]]; then
			LAB_WHY_NOT="$(<"$1/failed")"
			return 1
		fi
		LAB_NOW=$1/$(readlink "$1/now")
		if [[ $LAB_NOW == "$1/" || -e $LAB_NOW/ended ]]; then
			sleep 0.1
			((++looks < LAB_BOOT_LOOKS)) || break
			continue
		fi
		if [[ -e $LAB_NOW/ready ]]; then
			LAB_READY=$(<"$LAB_NOW/ready")
			return 0
		fi
		if [[ $LAB_NOW != "$now" ]]; then
			now=$LAB_NOW line=''
			exec {control}<>"$now/control.out"
		fi
		if IFS= read -r -t 0.1 -u "$control" part; then
			line+=$part
			case $line in
			'ready '*)
				LAB_READY=${line#ready }
				echo "$LAB_READY" >"$now/ready"
				return 0
				;;
			'failed '*)
				LAB_WHY_NOT=${line#failed }
				return 1
				;;
			esac
			line=''
		else
			line+=$part
		fi
		((++looks < LAB_BOOT_LOOKS)) || break
	done
	LAB_WHY_NOT="Linux has not come up in $((LAB_BOOT_LOOKS / 10)) s"
	return 1
}
