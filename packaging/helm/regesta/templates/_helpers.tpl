{{- define "regesta.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "regesta.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "regesta.labels" -}}
{{ include "regesta.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "regesta.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "regesta.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "regesta.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* The environment of servers and of `prepare`. */}}
{{- define "regesta.environment" -}}
- {name: REGESTA_DATA, value: /var/lib/regesta}
- {name: REGESTA_ACCESS_LOG, value: "-"}
- {name: REGESTA_DRAIN_SECONDS, value: "30"}
{{- with .Values.database.existingSecret }}
- name: REGESTA_DB
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $.Values.database.key }}}}
{{- end }}
{{- with .Values.blobs.url }}
- {name: REGESTA_BLOBS, value: {{ . | quote }}}
{{- end }}
{{- with .Values.blobs.endpoint }}
- {name: REGESTA_BLOBS_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- with .Values.blobs.region }}
- {name: REGESTA_BLOBS_REGION, value: {{ . | quote }}}
{{- end }}
{{- if .Values.ledgerKey.existingSecret }}
- {name: REGESTA_LEDGER_KEY, value: /var/lib/regesta-key/ledger.key}
{{- end }}
{{- with .Values.publicUrl }}
- {name: REGESTA_PUBLIC_URL, value: {{ . | quote }}}
{{- end }}
{{- with .Values.trustedProxies }}
- {name: REGESTA_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: REGESTA_{{ $name | upper | replace "." "_" | replace "-" "_" }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "regesta.mounts" -}}
- {name: data, mountPath: /var/lib/regesta}
- {name: tmp, mountPath: /tmp}
{{- if .Values.ledgerKey.existingSecret }}
- {name: ledger-key, mountPath: /var/lib/regesta-key, readOnly: true}
{{- end }}
{{- end }}

{{- define "regesta.envFrom" -}}
{{- with .Values.blobs.existingSecret }}
envFrom:
  - secretRef: {name: {{ . }}}
{{- end }}
{{- end }}

{{- define "regesta.validate" -}}
{{- $many := or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled }}
{{- if not .Values.admin.existingSecret }}
{{- fail "admin.existingSecret is required: a Secret with the password of the first user" }}
{{- end }}
{{- if and $many (not .Values.database.existingSecret) }}
{{- fail "more than one replica needs database.existingSecret: servers share their state in PostgreSQL" }}
{{- end }}
{{- if and $many (not .Values.blobs.url) }}
{{- fail "more than one replica needs blobs.url: servers share their content in a bucket" }}
{{- end }}
{{- if and $many (not .Values.ledgerKey.existingSecret) }}
{{- fail "more than one replica needs ledgerKey.existingSecret: all servers sign the ledger with the same key" }}
{{- end }}
{{- if and .Values.runner.enabled (or (not .Values.runner.existingSecret) (not .Values.runner.modelUrl)) }}
{{- fail "runner.enabled needs runner.existingSecret and runner.modelUrl" }}
{{- end }}
{{- end }}
